"""A firm's own looks: a logo from its folder alone, an accent that can be read."""

from __future__ import annotations

import base64

import pytest
from pydantic import ValidationError

from profitchain.core.errors import CompanyError
from profitchain.core.periods import Period
from profitchain.pages import page, site
from profitchain.pages.notebooks import nbformat
from profitchain.sources.brand import Brand


@pytest.mark.parametrize("colour", ["#005a9c", "7A1F3D", "#767676"])
def test_a_colour_that_can_be_read_is_taken(colour):
    assert Brand(accent=colour).accent == "#" + colour.removeprefix("#").lower()


@pytest.mark.parametrize(
    ("colour", "says"),
    [("#ffcc00", "too pale"), ("#777777", "too pale"), ("red", "no colour"), ("#12345g", "no")],
)
def test_another_is_refused_with_what_to_do(colour, says):
    with pytest.raises(ValidationError, match=says):
        Brand(accent=colour)


def test_the_logo_is_a_small_picture_in_the_firm_s_folder(tmp_path):
    firm = tmp_path / "firm"
    firm.mkdir()
    (firm / "logo.svg").write_text("<svg/>")
    (tmp_path / "out.png").write_bytes(b"x")
    (firm / "logo.html").write_text("<script>")
    (firm / "large.png").write_bytes(b"x" * 40_001)
    data = Brand(logo="logo.svg").logo_data(firm)
    assert base64.b64decode(data.removeprefix("data:image/svg+xml;base64,")) == b"<svg/>"
    assert Brand().logo_data(firm) == ""
    for wrong in ("../out.png", "logo.html", "large.png", "none.png"):
        with pytest.raises(CompanyError, match="brand: logo"):
            Brand(logo=wrong).logo_data(firm)


def test_a_page_wears_it_and_escapes_it():
    brand = Brand(accent="#7a1f3d", contact="<b>ask</b>", next_edition="2027-01-15")
    looks = site.Site("L", Period("2026Q3"), (), brand=brand, logo="data:image/png;base64,eA==")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# What?", id="a")])
    html = page.render_page(notebook, site=looks, page=page.PageInfo(name="a", notebook="a.ipynb"))
    assert '<img src="data:image/png;base64,eA==" alt="">' in html and "--accent: #7a1f3d" in html
    assert "Questions to: &lt;b&gt;ask&lt;/b&gt; · Next edition: 15 January 2027" in html
    plain = page.render_page(
        notebook, site=site.Site("L", Period("2026Q3"), ()),
        page=page.PageInfo(name="a", notebook="a.ipynb"),
    )  # fmt: skip
    assert "<img" not in plain and "Next edition" not in plain
