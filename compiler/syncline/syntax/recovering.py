"""x"""


def recovered(source, parser, builder, tokens):
    return (), []
