"""Reference for test_published.py: the package diff-diff on a panel of staggered joining.

Run in an environment of its own (pip install diff-diff) on the file that
`staggered(np.random.default_rng(11)).to_csv(FILE, index=False)` writes:
python joining_diff_diff.py FILE
"""

import json
import sys
from importlib.metadata import version

import pandas as pd
from diff_diff import CallawaySantAnna

rows = pd.read_csv(sys.argv[1]).reset_index(names="unit")
panel = rows.melt(["unit", "joined"], var_name="time", value_name="outcome").astype({"time": int})
panel["joined"] = panel["joined"].where(panel["joined"] < 8, 0)
found = CallawaySantAnna(control_group="not_yet_treated").fit(
    panel, outcome="outcome", unit="unit", time="time", first_treat="joined"
)
table = found.aggregate("event_study").to_dataframe().set_index("event_time")
effects = {since: [row["att"], row["se"]] for since, row in table.loc[0:].iterrows()}
print(json.dumps({"version": version("diff-diff"), "effects": effects}, indent=1))
