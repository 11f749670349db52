"""A text that means harm to whoever prints it."""

HOSTILE = (
    "\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://evil/\x1b\\link\x1b]8;;\x1b\\\x1b]0;title\x07"
    "\x1b[2J\x1b[1A\x1b[31;45;7mred\x1bc\x1bP1$r\x1b\\\x9b31m\x9d0;t\x9c\x85\x7f\x08\x0c\rover"
    "\u202eltr\u2066\u200b\u2028\ufeff[/red][/][bold]b[/] \\[x] :boom: 1:100:3 $\\frac$ "
)
"""Every kind at once: clipboard, link, title, colours, screen, C1, line and direction, markup."""
