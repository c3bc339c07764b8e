"""`make servers`: install PostgreSQL, where it can be had, before tests begin that keep state in it where they find it."""

from .installation import NotToBeHad
from .postgres import install

try:
    install()
except NotToBeHad as reason:
    print(reason)
