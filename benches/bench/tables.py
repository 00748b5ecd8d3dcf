"""Text from figures."""


def number(x, digits=2):
    if x is None:
        return "-"
    return f"{x:,.0f}" if abs(x) >= 100 or digits == 0 else f"{x:.{digits}f}" if abs(x) < 10 else f"{x:.1f}"


def ratio(a, b):
    return a / b if a is not None and b else None


def times(x, by):
    return None if x is None else x * by


def markdown(head, rows):
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]]) + "\n"


def text(tables):
    """Sections of Markdown from (title, head, rows)."""
    return "".join(f"\n### {title}\n\n{markdown(head, rows)}" for title, head, rows in tables if rows)
