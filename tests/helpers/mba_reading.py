"""Mixed Boolean-arithmetic expressions from text, by Python's own grammar and precedence."""

from __future__ import annotations

import ast

from ttc.datasets.boolean_arithmetic.expression import Expression, constant, variable

_OPS = {ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.Mult: "*", ast.Add: "+"}


def read(text: str) -> Expression:
    return _of(ast.parse(text, mode="eval").body)


def _of(node: ast.expr) -> Expression:
    match node:
        case ast.Name(id=name):
            return variable(name)
        case ast.Constant(value=int(value)):
            return constant(value)
        case ast.UnaryOp(op=ast.Invert(), operand=of):
            return ~_of(of)
        case ast.UnaryOp(op=ast.UAdd(), operand=of):
            return _of(of)
        case ast.UnaryOp(op=ast.USub(), operand=of):
            return constant(-1) * _of(of)
        case ast.BinOp(left=a, op=ast.Sub(), right=b):
            return _of(a) + constant(-1) * _of(b)
        case ast.BinOp(left=a, op=op, right=b):
            return Expression(_OPS[type(op)], (_of(a), _of(b)))
    raise ValueError(ast.dump(node))
