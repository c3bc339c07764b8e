"""Names that generated identifiers keep clear of: a fixed list, so that every version of Python generates the same bytes."""

from typing import Final

_WORDS: Final = (
    "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError "
    "BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError "
    "ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning "
    "EnvironmentError Exception ExceptionGroup False FileExistsError FileNotFoundError FloatingPointError "
    "FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError InterruptedError "
    "IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError None "
    "NotADirectoryError NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning "
    "PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError ResourceWarning "
    "RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError "
    "SystemExit TabError TimeoutError True TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError "
    "UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs aiter "
    "all and anext any as ascii assert async await bin bool break breakpoint bytearray bytes callable case chr "
    "class classmethod compile complex continue copyright credits def del delattr dict dir divmod elif else "
    "enumerate eval except exec exit filter finally float for format from frozenset getattr global globals "
    "hasattr hash help hex id if import in input int is isinstance issubclass iter lambda lazy len license list "
    "locals map match max memoryview min next nonlocal not object oct open or ord pass pow print property quit "
    "raise range repr return reversed round set setattr slice sorted staticmethod str sum super try tuple type "
    "vars while with yield zip "
)
WORDS: Final = frozenset(_WORDS.split())
"""Keywords, soft keywords and builtins of Python 3.11 to 3.14."""

_MODULES: Final = (
    "abc aifc annotated_types annotationlib antigravity anyio argparse array ast asynchat asyncio asyncore atexit "
    "audioop backports base64 bdb binascii bisect build builtins bz2 cProfile calendar certifi cgi cgitb chunk "
    "cmath cmd code codecs codeop collections colorsys compileall compression concurrent configparser contextlib "
    "contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis dist distutils "
    "doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib "
    "functools gc genericpath getopt getpass gettext glob graphlib greenlet grp gzip h11 hashlib heapq hmac html "
    "http httpcore httpx idlelib idna imaplib imghdr imp importlib inspect io ipaddress itertools json keyword "
    "lib lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msgspec "
    "msilib msvcrt multiprocessing mypy netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse "
    "os ossaudiodev pathlib pdb phonenumbers pickle pickletools pip pipes pkgutil platform plistlib poplib posix "
    "posixpath pprint profile pstats psycopg pty pwd py_compile pyclbr pydantic pydantic_core pydoc pydoc_data "
    "pyexpat pytest queue quopri random re readline reprlib resource rlcompleter ruff runpy sched secrets select "
    "selectors setuptools shelve shlex shutil signal site smtpd smtplib sndhdr sniffio socket socketserver spwd "
    "sqlalchemy sqlite3 src sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct "
    "subprocess sunau symtable syncline syncline_runtime sys sysconfig syslog tabnanny tarfile telnetlib tempfile "
    "termios test tests textwrap this threading time timeit tkinter token tokenize tomllib trace traceback "
    "tracemalloc tty turtle turtledemo types typing typing_extensions typing_inspection tzdata unicodedata "
    "unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc "
    "zipapp zipfile zipimport zlib zoneinfo "
)
MODULES: Final = frozenset(_MODULES.split())
"""Top-level modules that a package of the same name would hide: the standard library's and those that the runtime imports."""

_DEVICES: Final = (
    "con prn aux nul com0 com1 com2 com3 com4 com5 com6 com7 com8 com9 "
    "lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9"
)
DEVICES: Final = frozenset(_DEVICES.split())
"""File names that a common file system keeps for itself, whatever their suffix."""
