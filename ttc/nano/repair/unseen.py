"""Templates that no network was trained on; see `ttc.nano.repair.templates`."""

UNSEEN = """
# list
def F(XS):
    A = []
    for X in XS:
        if A and A[-1] == X:
            continue
        A.append(X)
    return A

# list int
def F(XS, N):
    A = []
    B = []
    for X in XS:
        if X ORD N:
            A.append(X)
        else:
            B.append(X)
    return A + B

# list
def F(XS):
    A = B = 0
    for X in XS:
        A = max(A PM X, 0)
        B = max(A, B)
    return B

# list list
def F(XS, YS):
    A = []
    I = 0
    for X in XS:
        while I < len(YS) and YS[I] < X:
            A.append(YS[I])
            I += 1
        A.append(X)
    return A

# list int
def F(XS, N):
    A = 0
    for I in range(len(XS)):
        if XS[I] == N:
            A = I + K
    return A

# list
def F(XS):
    A = 0
    for I in range(len(XS)):
        if XS[I] == XS[-1 - I]:
            A += LK
    return A

# list int
def F(XS, N):
    for X in XS:
        if X % D == R:
            N += X
        elif X ORD N:
            return N
    return N PM K

# pos
def F(N):
    A = ""
    while N > 0:
        A = str(N % 2) + A
        N //= 2
    return A

# big
def F(N):
    A = 0
    while N:
        A = max(A, N % 10)
        N //= 10
    return A

# pos pos
def F(N, M):
    A = N
    while A % M != 0:
        A += N
    return A

# pos
def F(N):
    A = K
    for I in range(N):
        if I ORD L:
            A += I
        else:
            A -= 1
    return A

# int int
def F(N, M):
    if N < 0:
        N = -N
    if M < 0:
        M = -M
    return N * K PM M

# str chr
def F(S, C):
    A = ""
    for X in S:
        if X == C:
            return A
        A += X
    return S

# str
def F(S):
    A = 0
    for X in S:
        if X.isdigit():
            A = A * 10 + int(X)
    return A

# words
def F(XS):
    A = {}
    for X in XS:
        A[X] = len(X) AR K
    return A

# str
def F(S):
    A = B = 0
    for I in range(1, len(S)):
        if S[I] == S[I - 1]:
            A += 1
            B = max(A, B)
        else:
            A = 0
    return B
"""
