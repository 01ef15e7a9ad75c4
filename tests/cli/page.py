# SPDX-License-Identifier: Apache-2.0
"""HTML pages taken apart, and looked at in a browser where there is one."""
import html.parser
import json
import re
import shutil
import subprocess
import urllib.parse

import pytest

VOID = {"meta", "input", "br", "link", "img"}


class Page(html.parser.HTMLParser):
    """The elements of a page, whose tags must be balanced, and its embedded data."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open, self.scripts = [], [], []
        self.feed(text)
        assert self._open == [], f"not closed: {self._open}"
        data = [content for attributes, content in self.scripts if attributes.get("type") == "application/json"]
        self.data = json.loads(data[0]) if data else None

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "script":
            self.scripts.append((dict(attributes), ""))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, text):
        if self._open and self._open[-1] == "script":
            attributes, content = self.scripts[-1]
            self.scripts[-1] = (attributes, content + text)

    def assert_self_contained(self):
        for tag, attributes in self.elements:
            assert tag not in ("link", "iframe", "object", "embed", "base")
            for name, value in attributes.items():
                assert not name.startswith("on"), (tag, name)
                if name in ("src", "href", "action", "srcset", "data"):
                    assert value.startswith(("data:", "#")), (tag, name, value)


def in_browser(folder, page_text, steps):
    """Runs `steps` (JavaScript that returns a value) in the page, in a frame of 390 px; returns what it gave, with
    `errors` and `overflow` (px). Skips where there is no Chromium."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium here: the page was not looked at in a browser")
    early = "<script>window.errors=[];addEventListener('error',e=>errors.push(e.message));" \
            "const said=console.error;console.error=(...w)=>{errors.push(w.join(' '));said(...w)}</script>"
    late = "<script>addEventListener('load',()=>setTimeout(()=>{let result;try{result=(()=>{" + steps + \
           "})()}catch(e){errors.push(String(e))}const root=document.documentElement;" \
           "parent.postMessage(JSON.stringify({result,errors,overflow:root.scrollWidth-root.clientWidth}),'*')},100))</script>"
    if "script-src" not in page_text:  # a page that runs nothing: its copy must run the steps
        page_text = page_text.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';", 1)
    # The template's own first </head>: data never holds one, its "<" is escaped.
    (folder / "page.html").write_text(page_text.replace("<head>", "<head>" + early, 1).replace("</body>", late + "</body>", 1))
    (folder / "frame.html").write_text(
        "<!doctype html><pre id=said></pre><iframe src=page.html style='width:390px;height:844px;border:0'></iframe>"
        "<script>addEventListener('message',e=>{document.getElementById('said').textContent=encodeURIComponent(e.data)})</script>")
    done = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
                           "--virtual-time-budget=5000", "--dump-dom", (folder / "frame.html").as_uri()],
                          capture_output=True, text=True, timeout=120)
    said = re.search(r'<pre id="said">([^<]+)</pre>', done.stdout)
    assert said, f"the page said nothing\n{done.stdout[:2000]}\n{done.stderr[-2000:]}"
    return json.loads(urllib.parse.unquote(said.group(1)))
