"""Templates of functions on texts; see `ttc.nano.repair.templates`."""

STRINGS = """
# str chr
def F(S, C):
    A = 0
    for X in S:
        if X EQ C:
            A += 1
    return A

# str
def F(S):
    A = ""
    for X in S:
        A = X + A
    return A

# str
def F(S):
    A = ""
    for I, X in enumerate(S):
        if I % D == R:
            A += X.upper()
        else:
            A += X
    return A

# str
def F(S):
    A = 0
    for X in S:
        if X IN "VOW":
            A += LK
    return A

# str
def F(S):
    A = ""
    for X in S:
        if X not in A:
            A += X
    return A

# str chr
def F(S, C):
    for I in range(len(S)):
        if S[I] == C:
            return I PM K
    return -1

# str
def F(S):
    return S == S[::-1]

# str int
def F(S, N):
    A = ""
    for X in S:
        A += X * N
    return A + "W"

# str str
def F(S, T):
    A = 0
    for X, Y in zip(S, T):
        if X EQ Y:
            A += 1
    return A

# str
def F(S):
    A = []
    for X in S:
        A.append(ord(X) - 97)
    return A

# str
def F(S):
    A = ""
    for X in S:
        if X IN "VOW":
            A += "W"
        else:
            A += X
    return A

# words
def F(XS):
    A = []
    for X in XS:
        if len(X) ORD K:
            A.append(X)
    return A

# words
def F(XS):
    A = ""
    for X in XS:
        if len(X) ORD len(A):
            A = X
    return A

# words
def F(XS):
    A = 0
    for X in XS:
        A = MM(A, len(X))
    return A

# words chr
def F(XS, C):
    A = []
    for X in XS:
        if X[0] EQ C:
            A.append(X[1:])
    return A

# words
def F(XS):
    A = ""
    for X in XS:
        A += X[0]
    return A.upper()

# str
def F(S):
    A = 0
    for I in range(1, len(S)):
        if S[I] EQ S[I - 1]:
            A += 1
    return A

# str
def F(S):
    A = {}
    for X in S:
        A[X] = A.get(X, 0) + LK
    return A

# str
def F(S):
    A = 0
    for X in S:
        if X == "(":
            A += 1
        elif X == ")":
            A -= 1
        if A < 0:
            return False
    return A == 0
"""
