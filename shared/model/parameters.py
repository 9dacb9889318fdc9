"""What a parameter is: name, kind, range, default, label, help and role; and those that both hosts ask of any model.

The models' own parameters stand in ``tables/``. All code outside of them asks for a parameter's :class:`Role`. This
module knows no model, no host and no network.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from ..errors import ParameterError
from ..language import N_, tr

Value = str | int | float | bool

SEED_COUNT = 2**32  # the pages' seeds are 0–4294967295
LARGEST = 2**31 - 1  # of a whole number whose range no page states: what every host can hold


class Role(enum.Enum):
    """What a parameter is for, whatever a model calls it."""

    PROMPT = "prompt"
    SEED = "seed"
    STEPS = "steps"
    GUIDANCE = "guidance"
    ENHANCE = "enhance the prompt"
    SAFETY = "safety tolerance"
    NO_CHECK = "no safety check"
    FAST = "fast"
    FORMAT = "result format"
    QUALITY = "result quality"
    SIZE = "result size"
    ASPECT = "result aspect"


class Kind(enum.Enum):
    """What a parameter holds, in the words of the request body."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    CHOICE = "choice"


@dataclass(frozen=True)
class Choice:
    """One value of a :attr:`Kind.CHOICE` parameter and what the artist reads for it."""

    value: str
    label: str
    help: str = ""
    same_as: tuple[str, ...] = ()  # what other models call it


@dataclass(frozen=True)
class Parameter:
    """One setting: how it is called, what it may hold, and what the artist reads, in English: ``tr`` where it is shown.

    ``minimum`` and ``maximum`` are inclusive; with ``stated`` False no page says them, and they are those of the kind.
    ``zero_means`` allows 0 below ``minimum`` and says what it stands for; ``optional`` leaves it out of the body.
    ``decimals`` rounds a REAL before it is validated, sent or written (hosts store single-precision floats).
    ``advanced`` puts the setting under "More" in both hosts.
    """

    name: str
    kind: Kind
    default: Value
    label: str
    help: str
    minimum: float = 0
    maximum: float = 0
    decimals: int = 0
    zero_means: str = ""
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    advanced: bool = False
    role: Role | None = None
    stated: bool = True
    optional: bool = False

    @property
    def argument(self) -> str:
        """The name as GIMP spells it, e.g. ``safety-tolerance``."""
        return self.name.replace("_", "-")

    @property
    def range_text(self) -> str:
        """The allowed values in the artist's words, e.g. ``1 to 50`` or ``jpg, png or webp``."""
        if self.kind is Kind.CHOICE:
            *most, last = (choice.value for choice in self.choices)
            return tr("{most} or {last}").format(most=", ".join(most), last=last) if most else last
        if self.kind is Kind.BOOLEAN:
            return tr("true or false")
        if self.kind is Kind.TEXT:
            return tr("a text that is not empty")
        if self.stated:
            low, high = (f"{bound:.{self.decimals}f}" for bound in (self.minimum, self.maximum))
            high = f"{high} {tr(self.unit)}" if self.unit else high
            allowed = tr("{low} to {high}").format(low=low, high=high)
        else:
            allowed = tr("a whole number; no range is stated")
        if self.zero_means:
            return tr("0 ({meaning}) or {allowed}").format(meaning=tr(self.zero_means), allowed=allowed)
        return allowed

    @property
    def usual(self) -> tuple[float, float]:
        """The ends of a slider: the range, or where none is stated, what is worth to be tried."""
        if self.stated:
            return self.minimum, self.maximum
        return self.minimum, max(50, 2 * int(self.default))

    def fits(self, value: object) -> Value | None:
        """``value`` as :meth:`checked` gives it; a choice also by what it stands for. None when it does not fit."""
        if self.kind is Kind.CHOICE:
            value = next((one.value for one in self.choices if value in (one.value, *one.same_as)), value)
        try:
            return self.checked(value)
        except ParameterError:
            return None

    def checked(self, value: object) -> Value:
        """``value`` as it will be sent: the right type, rounded, in range.

        Raises :class:`ParameterError` naming the field, the value and the range. A number is never cut to fit.
        """
        if self.kind is Kind.TEXT:
            if isinstance(value, str):
                if not value.strip():
                    raise ParameterError.empty(self.name)
                if re.search("[\ud800-\udfff]", value):  # bytes that were no UTF-8; no window could show them
                    raise ParameterError.unreadable(self.name)
                return value.strip()
        elif self.kind is Kind.BOOLEAN:
            if isinstance(value, bool):
                return value
        elif self.kind is Kind.CHOICE:
            if isinstance(value, str) and value in {choice.value for choice in self.choices}:
                return value
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            number = self._number(value)
            if number is not None:
                return number
        raise ParameterError.out_of_range(self.name, self.label, value, self.range_text)

    def _number(self, value: float) -> Value | None:
        """``value`` as an int or a rounded float, or None when it is a fraction of a whole number or out of range."""
        number: int | float
        # Compared before it is converted: an int may be too large for a float, a float may be no number.
        if not (min(0, self.minimum) - 1 < value < self.maximum + 1):
            return None
        if self.kind is Kind.INTEGER:
            if value != int(value):
                return None
            number = int(value)
        else:
            number = round(float(value), self.decimals)
        if self.minimum <= number <= self.maximum or (self.zero_means and number == 0):
            return number
        return None


# What both hosts ask beside the model's own parameters.
VARIATIONS = Parameter(
    "variations",
    Kind.INTEGER,
    1,
    N_("Variations"),
    N_("How many edits to make, with the seeds seed, seed+1 and so on. Each one is a paid edit"),
    minimum=1,
    maximum=8,
)
LONGEST_SIDE = Parameter(
    "longest_side",
    Kind.INTEGER,
    2048,
    N_("Longest side sent"),
    N_("A larger picture is scaled down to this before it is sent; 0 sends it as it is"),
    minimum=256,
    maximum=8192,
    zero_means=N_("as it is"),
    unit="px",
    advanced=True,
)
UPLOAD_FORMAT = Parameter(
    "upload_format",
    Kind.CHOICE,
    "auto",
    N_("Send as"),
    N_("How the picture is encoded for the way to the service"),
    choices=(
        Choice(
            "auto",
            N_("Automatic"),
            N_("JPEG at high quality, or PNG when the picture is small enough that it costs little"),
        ),
        Choice("jpg", "JPEG", N_("Small, with a trace of loss")),
        Choice("png", "PNG", N_("Without loss, several times larger")),
        Choice("webp", "WebP", N_("Small, with a trace of loss")),
    ),
    advanced=True,
)
KEEP_TRANSPARENCY = Parameter(
    "keep_transparency",
    Kind.BOOLEAN,
    True,
    N_("Keep transparency"),
    N_("Give the result the transparency of the source; the service itself returns opaque pictures"),
    advanced=True,
)
KEEP_DETAIL = Parameter(
    "keep_detail",
    Kind.BOOLEAN,
    True,
    N_("Keep source detail"),
    N_(
        "Bring the result to the size of the source, with the source's own detail wherever the edit left the picture "
        "as it was or only changed its light"
    ),
    advanced=True,
)
DETAIL_STRENGTH = Parameter(
    "detail_strength",
    Kind.INTEGER,
    100,
    N_("Detail strength"),
    N_("How much of the source's detail is put back, in percent"),
    minimum=0,
    maximum=100,
    unit="%",
    advanced=True,
)
GRAIN = Parameter(
    "grain",
    Kind.INTEGER,
    0,
    N_("Grain"),
    N_(
        "How much of the source's own grain is laid over what the edit blurred or painted anew, in percent; 0 leaves "
        "it smooth"
    ),
    minimum=0,
    maximum=100,
    unit="%",
    advanced=True,
)
OF_DETAIL = (KEEP_DETAIL, DETAIL_STRENGTH, GRAIN)
OF_BOTH_HOSTS = (VARIATIONS, LONGEST_SIDE, UPLOAD_FORMAT, KEEP_TRANSPARENCY, *OF_DETAIL)
# Names that only one of the hosts has: in a preset they are kept, and mean nothing to the other.
OF_ONE_HOST = frozenset({"fit_to_source", "detail_as", "selection_context", "selection_feather", "match_edge"})
