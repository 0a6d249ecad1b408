"""How well poems keep the rules of a quatrain, as bars with the mark of real poems."""

import html

from bigmodel_lab.colors import BLUE, ORANGE

# What a reader sees: of the measures of `verse.measure`, those shown, and their names.
METERS = {
    "form": "right form",
    "tones": "tones alternate",
    "rhyme": "lines 2 and 4 rhyme",
}
REAL = "real poems"
# Of a single poem: its meters, and what is said of them.
VERDICTS = METERS | {"initials": "begin as asked"}
YES, NO, OF_FOUR = "yes", "no", "{count} of 4"
NOT_YET, NOT_JUDGED = "–", "not judged"

METERS_STYLE = f"""
.lab-meters {{ border-spacing: 0 4px; font-variant-numeric: tabular-nums;
  max-width: 100%; }}
.lab-meters :is(th, td) {{ padding: 0 8px 0 0; text-align: left;
  font-weight: inherit; }}
.lab-meters td:not(.lab-meter) {{ text-align: right; white-space: nowrap; }}
.lab-meters [scope=col] {{ white-space: nowrap; }}
.lab-meters .lab-meter {{ padding: 0; }}
.lab-meter > div {{ position: relative; width: min(130px, 16vw); height: 12px;
  margin-right: 8px; border: 1px solid currentColor; border-radius: 3px; }}
.lab-meter > div > div {{ background: {BLUE}; height: 100%; }}
.lab-meter i {{ position: absolute; top: -4px; bottom: -4px; width: 4px;
  margin-left: -2px; background: {ORANGE}; }}
"""
VERDICTS_STYLE = f"""
.lab-verdicts {{ border-spacing: 0 2px; align-self: flex-start;
  font-variant-numeric: tabular-nums; }}
.lab-verdicts :is(th, td) {{ padding: 0 10px 0 0; text-align: left;
  font-weight: inherit; white-space: nowrap; }}
.lab-verdicts i {{ display: inline-block; width: 9px; height: 9px; margin-right: 3px;
  border: 1px solid currentColor; border-radius: 50%; }}
.lab-verdicts .lab-on {{ background: {BLUE}; }}
"""


def meters_html(shares: dict[str, float], real: dict[str, float]) -> str:
    """Return what `verse.measure` says of poems, and of real ones, as an HTML table."""
    mark = f'<span style="color: {ORANGE}" aria-hidden="true">┃</span>{REAL}'
    rows = "".join(
        f"<tr><th scope=row>{html.escape(name)}</th><td class=lab-meter><div>"
        f'<div style="width: {shares[key]:.1%}"></div>'
        f'<i style="left: {real[key]:.1%}"></i></div></td>'
        f"<td>{shares[key]:.0%}</td><td>{real[key]:.0%}</td></tr>"
        for key, name in METERS.items()
    )
    head = f"<tr><td></td><td></td><td></td><th scope=col>{mark}</th></tr>"
    return f'<table class="lab-meters">{head}{rows}</table>'


def verdicts_html(measures: dict[str, float] | None, initials: bool) -> str:
    """Return the meters of one poem, from `verse.measure`, as an HTML table.

    None of a poem that is not finished. A poem of a wrong form is not judged by its
    tones and rhyme; `initials` adds how many lines begin as they were asked to.
    """
    rows = []
    for key, name in VERDICTS.items():
        if key == "initials" and not initials:
            continue
        if not measures:
            cells = f"<td colspan=2>{NOT_YET}</td>"
        elif key in ("tones", "rhyme") and not measures["form"]:
            cells = f"<td colspan=2>{NOT_JUDGED}</td>"
        else:
            cells = _verdict(measures[key], 1 if key in ("form", "rhyme") else 4)
        rows.append(f"<tr><th scope=row>{name}</th>{cells}</tr>")
    return f'<table class="lab-verdicts">{"".join(rows)}</table>'


def _verdict(share, whole):
    """Return a share of four lines, or of one poem, as dots and in words."""
    count = round(whole * share)
    said = OF_FOUR.format(count=count) if whole == 4 else (NO, YES)[count]
    dots = "<i class=lab-on></i>" * count + "<i></i>" * (whole - count)
    return f"<td>{dots}</td><td>{said}</td>"
