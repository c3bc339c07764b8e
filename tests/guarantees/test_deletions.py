"""What a feed of deletions costs and promises."""

from pathlib import Path

from syncline.cli.files import loader
from syncline.guarantees.cost import share
from syncline.guarantees.seeing import deletions
from syncline.model.spec import Spec
from syncline.pipeline import check_spec

NORTHWIND = Path(__file__).parents[2] / "specs" / "examples" / "northwind.sync"


def checked(*, feed: bool) -> Spec:
    text = NORTHWIND.read_text()
    if feed:
        text = text.replace(
            '    read   GET    "/accounts', '    deleted GET "/gone" { items "ids" }\n    read   GET    "/accounts', 1
        )
    result = check_spec("northwind.sync", text.encode(), loader("northwind.sync"))
    assert result.model is not None, [str(each) for each in result.diagnostics]
    return result.model


def test_a_feed_is_one_more_call_in_a_quiet_run_and_is_told() -> None:
    quiet, formulas, told = {}, {}, {}
    for feed in (False, True):
        spec = checked(feed=feed)
        (sync,) = spec.syncs
        side = next(one for one in sync.maps if one.system.name == "crm")
        quiet[feed], formulas[feed] = share(sync, side).quiet, share(sync, side).formulas
        told[feed] = {one.verdict for one in deletions(sync, side)}
    assert quiet[True] == quiet[False] + 1
    assert formulas[True].keys() - formulas[False].keys() == {"n deletions told"}
    assert told[True] - told[False] == {"by-feed"}
