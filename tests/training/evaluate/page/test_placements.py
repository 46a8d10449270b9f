"""The page's part about placements."""

import json
from pathlib import Path

from training.evaluate.page.placements import placements_part

ROW = {
    "placement": "home",
    "judged": "new products of the next order",
    "measure": "ndcg@10_full",
    "cases": 1200,
    "perennial": {"value": 0.107, "low": 0.1, "high": 0.11},
    "simple": {"als": 0.063, "ease": 0.058},
    "best": "als",
    "difference": {"value": 0.044, "low": 0.033, "high": 0.056},
}


def test_each_row_says_who_is_better_and_how_sure(tmp_path: Path) -> None:
    assert placements_part(tmp_path) == ""
    alone = ROW | {"placement": "upgrade", "best": "", "simple": {}}
    (tmp_path / "placements-online_retail.json").write_text(json.dumps({"rows": [ROW, alone]}))
    part = placements_part(tmp_path)
    told = "ndcg@10 full | 1,200 | **0.107** | 0.063 (als) | +0.044 (+0.033 to +0.056) |"
    assert f"| home: new products of the next order | {told}" in part
    assert "| upgrade: new products of the next order | ndcg@10 full | 1,200 | **0.107** |  |  |" in part
    assert "Ta-Feng |" not in part
