"""Templates of functions on whole numbers; see `ttc.nano.repair.templates`."""

NUMBERS = """
# pos
def F(N):
    A = K
    for I in range(1, N + 1):
        A += I
    return A

# pos
def F(N):
    A = 1
    for I in range(2, N + 1):
        A *= I
    return A PM K

# pos pos
def F(N, M):
    while M:
        N, M = M, N % M
    return N

# pos
def F(N):
    A = 0
    for I in range(1, N + 1):
        if N % I == 0:
            A += LK
    return A

# pos
def F(N):
    if N < 2:
        return False
    for I in range(2, N):
        if N % I == 0:
            return False
    return True

# big
def F(N):
    A = 0
    while N > 0:
        A += N % 10
        N //= 10
    return A PM K

# big
def F(N):
    A = 0
    while N > 0:
        if N % 10 ORD K:
            A += 1
        N //= 10
    return A

# big
def F(N):
    A = 0
    while N:
        A = A * 10 + N % 10
        N //= 10
    return A

# pos
def F(N):
    A, B = Z, K
    for I in range(N):
        A, B = B, A + B
    return A

# pos
def F(N):
    A = 0
    while N != 1:
        if N % 2 == 0:
            N //= 2
        else:
            N = 3 * N + 1
        A += 1
    return A

# int int
def F(N, M):
    if N ORD M:
        return N AR K
    return M AR L

# int int int
def F(N, M, P):
    if N > M and N > P:
        return N
    if M > P:
        return M
    return P

# int int
def F(N, M):
    if N ORD K BOOL M ORD L:
        return N AR M
    return Z

# int
def F(N):
    if N < K:
        return Z
    elif N < L:
        return N
    return N PM K

# int int
def F(N, M):
    return abs(N - M) AR K

# pos pos
def F(N, M):
    A = 0
    for I in range(N):
        for J in range(M):
            if I ORD J:
                A += LK
    return A

# pos int
def F(N, M):
    A = []
    for I in range(K, N + 1):
        A.append(I AR M)
    return A

# pos
def F(N):
    A = []
    while N > 0:
        A.append(N)
        N -= K
    return A

# pos
def F(N):
    A = []
    for I in range(1, N + 1):
        if I % D == 0:
            A.append(Z)
        else:
            A.append(I)
    return A

# pos pos
def F(N, M):
    A = 1
    for I in range(M):
        A *= N
    return A % Q

# pos pos
def F(N, M):
    A = MM(N, M)
    while A % D != R:
        A += 1
    return A

# pos
def F(N):
    A = 0
    while A * A < N:
        A += 1
    return A

# int int
def F(N, M):
    if N % D EQ M % D:
        return N PM M
    return N * M

# pos
def F(N):
    A = []
    for I in range(N):
        A.append(I * I PM K)
    return A[::-1]

# pos pos
def F(N, M):
    A = 0
    for I in range(N, N + M):
        if I % D == R:
            A += I
    return A
"""
