"""Takes the pictures of README and guides from a running site that holds some jobs.

    .venv/bin/python docs/make_screenshots.py http://localhost:8000 docs/images home=/ job=/jobs/TOKEN/ ...

Each NAME=PATH becomes NAME.png; NAME may end in -dark (dark colours) or -phone (390 pixels wide), or both.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright


def main(site: str, folder: Path, pages: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for page in pages:
            name, path = page.split("=", 1)
            phone = "-phone" in name
            context = browser.new_context(
                viewport={"width": 390 if phone else 1280, "height": 844 if phone else 800},
                color_scheme="dark" if "-dark" in name else "light",
                device_scale_factor=1,
            )
            tab = context.new_page()
            tab.on("console", lambda message, name=name: print(f"{name}: console: {message.text}"))
            tab.goto(site + path)
            tab.wait_for_load_state("networkidle")
            tab.screenshot(path=folder / f"{name}.png", full_page=True)
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
