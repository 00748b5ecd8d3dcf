#!/usr/bin/env python3
"""The starts that README shows for each language are those of the bindings, whose tests run them."""
import re
import sys


def start(path, language):
    found = re.findall(rf"^```{language}\n(.*?)^```", open(path, encoding="utf-8").read(), re.S | re.M)
    return found[0] if found else None


wrong = []
for folder, language in [("cpp", "cpp"), ("fortran", "fortran"), ("julia", "julia")]:
    here, there = start("README.md", language), start(f"bindings/{folder}/README.md", language)
    if here is None or here != there:
        wrong.append(language)
if wrong:
    sys.exit(f"README.md and the README of the binding differ in their first program: {', '.join(wrong)}")
print("README shows the starts of C++, Fortran and Julia as their bindings do")
