"""English words of the findings: what was found, the evidence, what it means, what to do.

Placeholders are the keys of `Finding.evidence`, plus ``{subject}`` (the first
subject) and ``{subjects}`` (all of them, joined).
"""

from tcsmodel.report.language.en_assessment import FINDINGS as ASSESSMENT
from tcsmodel.report.language.en_circumstances import CIRCUMSTANCES
from tcsmodel.report.language.en_discriminant import DISCRIMINANT
from tcsmodel.report.language.en_drivers import FINDINGS as DRIVERS
from tcsmodel.report.language.en_effects import EFFECTS
from tcsmodel.report.language.en_factors import FINDINGS as FACTORS
from tcsmodel.report.language.en_fit import FINDINGS as FIT
from tcsmodel.report.language.en_gate import FINDINGS as GATE
from tcsmodel.report.language.en_groups import GROUPS
from tcsmodel.report.language.en_headlines import FINDINGS as HEADLINES
from tcsmodel.report.language.en_imputation import FINDINGS as IMPUTATION
from tcsmodel.report.language.en_index import FINDINGS as INDEX
from tcsmodel.report.language.en_invariance import FINDINGS as INVARIANCE
from tcsmodel.report.language.en_necessity import FINDINGS as NECESSITY
from tcsmodel.report.language.en_ordinal import FINDINGS as ORDINAL
from tcsmodel.report.language.en_power import FINDINGS as POWER
from tcsmodel.report.language.en_prediction import FINDINGS as PREDICTION
from tcsmodel.report.language.en_screening import SCREENING
from tcsmodel.report.language.en_segments import SEGMENTS
from tcsmodel.report.language.en_sem import FINDINGS as SEM
from tcsmodel.report.language.en_units import UNITS

FINDINGS: dict[str, dict[str, str]] = {
    **SCREENING,
    **CIRCUMSTANCES,
    **FACTORS,
    **DISCRIMINANT,
    **EFFECTS,
    **FIT,
    **SEM,
    **ORDINAL,
    **INVARIANCE,
    **POWER,
    **ASSESSMENT,
    **PREDICTION,
    **NECESSITY,
    **UNITS,
    **GROUPS,
    **SEGMENTS,
    **IMPUTATION,
    **GATE,
    **DRIVERS,
    **INDEX,
    **HEADLINES,
}
