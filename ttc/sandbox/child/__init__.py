"""Plain scripts that run as processes of their own around a program; they know no `ttc`.

`supervise` stands between ttc and the sandbox, `launch` becomes the program. Started with Python's
standard library alone, because an execution should cost tens of milliseconds; they import one
another from their own folder, which is the first on their path.
"""
