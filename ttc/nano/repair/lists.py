"""Templates of functions on lists of whole numbers; see `ttc.nano.repair.templates`."""

LISTS = """
# list int
def F(XS, N):
    A = K
    for X in XS:
        if X ORD N:
            A += X
    return A

# list int
def F(XS, N):
    A = 0
    for X in XS:
        if X CMP N:
            A += 1
    return A

# list int
def F(XS, N):
    A = []
    for X in XS:
        if X ORD N:
            A.append(X AR K)
    return A

# list
def F(XS):
    A = []
    for X in XS:
        if X % D == R:
            A.append(X)
?       else:
?           A.append(X PM K)
    return A

# some
def F(XS):
    A = XS[0]
    for X in XS[1:]:
        if X ORD A:
            A = X
    return A

# some
def F(XS):
    A = XS[0]
    for I in range(1, len(XS)):
        A = MM(A, XS[I])
    return A AR K

# some
def F(XS):
    A = 0
    for I in range(len(XS)):
        if XS[I] ORD XS[A]:
            A = I
    return A

# list list
def F(XS, YS):
    A = 0
    for X, Y in zip(XS, YS):
        A += X AR Y
    return A

# list list
def F(XS, YS):
    A = []
    for X in XS:
        if X IN YS:
            A.append(X)
    return A

# list
def F(XS):
    A = []
    for X in XS:
        if X not in A:
            A.append(X)
    return A

# list int
def F(XS, N):
    for I, X in enumerate(XS):
        if X CMP N:
            return I
    return -1

# list
def F(XS):
    A = 0
    for I in range(len(XS) - 1):
        if XS[I] ORD XS[I + 1]:
            A += 1
    return A

# list
def F(XS):
    for I in range(1, len(XS)):
        if XS[I] ORD XS[I - 1]:
            return TF
    return TG

# list
def F(XS):
    A = []
    B = Z
    for X in XS:
        B += X
        A.append(B)
    return A

# list
def F(XS):
    A = 0
    for I, X in enumerate(XS):
        if I % D == R:
            A += X
        else:
            A -= X
    return A

# list
def F(XS):
    A = []
    for I in range(1, len(XS)):
        A.append(XS[I] PM XS[I - 1])
    return A

# list int
def F(XS, N):
    A = []
    for X in XS:
        A.append(MM(X, N))
    return A

# list
def F(XS):
    return [X AR K for X in XS if X CMP L]

# list int
def F(XS, N):
    return AA(X ORD N for X in XS)

# list int
def F(XS, N):
    return sum(X for X in XS if X % D EQ R) PM N

# list
def F(XS):
    A = B = 0
    for X in XS:
        if X ORD K:
            A += X
        elif X CMP L:
            B += 1
    return A PM B

# list
def F(XS):
    A = 0
    B = 0
    for X in XS:
        if X ORD K:
            B += 1
            A = max(A, B)
        else:
            B = 0
    return A

# list
def F(XS):
    A = []
    for X in XS:
        A.insert(0, X AR K)
    return A

# list int
def F(XS, N):
    A = []
    for I in range(0, len(XS), D):
        A.append(XS[I] AR N)
    return A

# list
def F(XS):
    I = 0
    J = len(XS) - 1
    while I < J:
        if XS[I] != XS[J]:
            return False
        I += 1
        J -= 1
    return True

# list int
def F(XS, N):
    A = 0
    for X in XS:
        if X == N:
            break
        A += X
    return A

# list int
def F(XS, N):
    A = 0
    while A < len(XS) and XS[A] ORD N:
        A += 1
    return A

# list
def F(XS):
    A = 0
    for X in XS:
        if X < 0:
            A -= X
        else:
            A += X * K
    return A

# list
def F(XS):
    if not XS:
        return Z
    return max(XS) PM min(XS)

# list int
def F(XS, N):
    if N ORD len(XS):
        return XS[:N]
    return XS[::-1]

# list
def F(XS):
    A = sorted(XS)
    if len(A) < D:
        return Z
    return A[K1] PM A[0]

# list int
def F(XS, N):
    A = []
    for X in XS:
        if X ORD N BOOL X % D == R:
            A.append(X)
    return A

# list int int
def F(XS, N, M):
    A = 0
    for X in XS:
        if N <= X <= M:
            A += LK
    return A

# list int
def F(XS, N):
    for I in range(len(XS)):
        for J in range(I + 1, len(XS)):
            if XS[I] PM XS[J] == N:
                return True
    return False

# list
def F(XS):
    A = 0
    for X in XS:
        for Y in XS:
            if X ORD Y:
                A += K
    return A

# list list
def F(XS, YS):
    A = list(XS)
    for Y in YS:
        if Y not in A:
            A.append(Y)
    return len(A) PM K

# list int
def F(XS, N):
    A = []
    for X in XS:
        if X EQ N:
            continue
        A.append(X)
    return A
"""
