"""The wire format: what crosses arrives equal and plain; no bytes can do harm."""

import math
import struct
import tracemalloc
from collections import Counter, OrderedDict, namedtuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SubjectDied
from grader.seam import wire
from grader.seam.wire import Decoder, Encoder, WireError, callback_bytes, handle_bytes

from .roads import frame, receive


def refuse(value):
    raise WireError(f"no reference to {value!r}")


def encode(value):
    return Encoder(refuse).encode(value)


def decode(data):
    return Decoder(lambda number, kind: ("handle", number, kind)).decode(data)


def same(left, right):
    """Equal in type, value, dtype and shape; NaN equals NaN."""
    if type(left) is not type(right):
        return False
    if isinstance(left, torch.Tensor):
        if (left.shape, left.dtype) != (right.shape, right.dtype):
            return False
        return wire.tensor_bytes(left) == wire.tensor_bytes(right)
    if isinstance(left, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    return left == right


@st.composite
def tensors(draw):
    dtype = draw(st.sampled_from(wire.DTYPES))
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    data = draw(
        st.binary(
            min_size=math.prod(shape) * dtype.itemsize, max_size=math.prod(shape) * dtype.itemsize
        )
    )
    if not data:
        return torch.empty(shape, dtype=dtype)
    raw = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    if dtype is torch.bool:
        return (raw > 127).reshape(shape)
    return raw.view(dtype).reshape(shape)


keys = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.tuples(st.text())
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())  # surrogates too
    | st.binary()
    | tensors()
    | st.sampled_from(wire.DTYPES)
    | st.sampled_from([torch.device("cpu"), torch.device("meta"), torch.device("cuda", 1)])
    | st.lists(st.integers(0, 9)).map(torch.Size),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(value=plain)
def test_every_value_comes_back_equal_and_of_the_same_type(value):
    assert same(decode(encode(value)), value)


@settings(max_examples=500, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_give_a_value_or_a_clean_failure(data):
    try:
        decode(data)
    except WireError:
        return


@settings(max_examples=300, deadline=None)
@given(value=plain, where=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_changed_byte_gives_a_value_or_a_clean_failure(value, where, byte):
    data = bytearray(encode(value))
    data[where % len(data)] = byte
    try:
        decode(data)
    except WireError:
        return


@settings(max_examples=100, deadline=None)
@given(value=plain, cut=st.integers(1, 50))
def test_a_message_that_ends_early_is_refused(value, cut):
    data = encode(value)
    with pytest.raises(WireError):
        decode(data[: max(0, len(data) - cut)])


def test_bytes_after_the_value_are_refused():
    with pytest.raises(WireError, match="follow"):
        decode(encode(1) + b"N")


Point = namedtuple("Point", "x y")


class LyingInt(int):
    def __eq__(self, other):
        return True

    def __add__(self, other):
        return LyingInt(99)

    def __hash__(self):
        return 0


class LyingStr(str):
    def encode(self, *args):
        return b"lies"

    def __str__(self):
        return "lies"


class LyingList(list):
    def __iter__(self):
        return iter([1, 2, 3])

    def __len__(self):
        return 3


class LyingDict(dict):
    def items(self):
        return [("lies", 1)]


class LyingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.full((2,), 42.0)


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (Point(1, 2), (1, 2)),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (LyingInt(3), 3),
        (LyingStr("truth"), "truth"),
        (LyingList([7]), [7]),
        (LyingDict(a=1), {"a": 1}),
        (bytearray(b"x"), b"x"),
        (True, True),
        (2**200, 2**200),
        (-(2**63), -(2**63)),
        ([2**63], [2**63]),
    ],
)
def test_a_subclass_arrives_as_the_plain_value_that_it_holds(value, arrives):
    came = decode(encode(value))
    assert same(came, arrives)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.randn(2, 3).as_subclass(LyingTensor),
        torch.nn.Parameter(torch.randn(2, 3)),
        torch.randn(3, 2).t(),
        torch.randn(4, 5)[::2, 1:4],
        torch.randn(1, 3).expand(2, 3),
        torch.randn(2, 2, dtype=torch.complex64).conj(),
        torch.tensor(3),
        torch.empty(0, 5),
    ],
)
def test_a_tensor_arrives_plain_dense_and_without_a_graph(tensor):
    with torch._C.DisableTorchFunctionSubclass():
        expected = tensor.detach().as_subclass(torch.Tensor).resolve_conj().contiguous()
    came = decode(encode(tensor))
    assert type(came) is torch.Tensor
    assert not came.requires_grad
    assert came.is_contiguous()
    assert same(came, expected)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        torch.nn.Linear(2, 2),
        torch.empty(2, device="meta"),
        torch.eye(2).to_sparse(),
        range(3),
        1j,
        len,
    ],
)
def test_anything_else_becomes_a_reference(value):
    seen = []

    def refer(thing):
        seen.append(thing)
        return handle_bytes(7, "Thing")

    assert decode(Encoder(refer).encode([value])) == [("handle", 7, "Thing")]
    assert seen[0] is value


def test_a_callback_is_only_read_where_one_may_come():
    data = callback_bytes(4)
    assert Decoder(lambda *_: None, lambda number: number * 10).decode(data) == 40
    with pytest.raises(WireError, match="wrong side"):
        decode(data)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def test_nesting_is_bounded_on_both_sides():
    assert decode(encode(nested(wire.MAX_DEPTH))) == nested(wire.MAX_DEPTH)
    with pytest.raises(WireError, match="nests deeper"):
        encode(nested(wire.MAX_DEPTH + 1))
    with pytest.raises(WireError, match="nests deeper"):
        decode(b"l\x01\x00\x00\x00" * 1000 + b"N")
    loop = []
    loop.append(loop)
    with pytest.raises(WireError, match="nests deeper"):
        encode(loop)


def test_a_frame_is_bounded():
    with pytest.raises(WireError, match="larger than 256 MiB"):
        encode(torch.empty(1).expand(wire.MAX_FRAME // 4 + 1))
    with pytest.raises(WireError, match="larger than 256 MiB"):
        encode([b"x" * (100 << 20)] * 3)


def u32(number):
    return struct.pack("<I", number)


def u64(number):
    return struct.pack("<Q", number)


@pytest.mark.parametrize(
    "data",
    [
        b"l" + u32(2**32 - 1),  # a list of four billion values
        b"q" + u32(2**32 - 1),
        b"d" + u32(2**31),
        b"s" + u32(2**32 - 1) + b"x",
        b"b" + u32(2**32 - 1),
        b"I" + u32(2**32 - 1),
        b"x\x00\x01" + u64(2**40),  # a tensor of a terabyte
        b"x\x00\x04" + u64(2**20) * 4,
        b"x\x00\x02" + u64(0) + u64(2**63),
        b"x\x00\x40" + u64(0) + u64(2**27) * 63,  # strides that overflow
        b"x\xff\x00",  # no such dtype
        b"x\x00\xff" + u64(1) * 255,  # too many dimensions
        b"v\x09" + u64(0),
        b"y\x77",
        b"h" + u64(1),
        b"s" + u32(1) + b"\xff",
        b"d" + u32(1) + b"l" + u32(0) + b"N",  # a list is no key
        b"d" + u32(2) + b"N" * 4,  # one key twice
        b"",
        b"?",
    ],
)
def test_hostile_bytes_are_refused_before_anything_is_built(data):
    with pytest.raises(WireError):
        decode(data)


def test_many_small_values_do_not_become_large_objects():
    data = b"l" + u32(wire.MAX_VALUES + 1) + b"N" * (wire.MAX_VALUES + 1)
    with pytest.raises(WireError, match="more than 4,000,000 values"):
        decode(data)


def test_bools_of_any_byte_are_true_or_false():
    came = decode(b"x" + bytes([wire.DTYPES.index(torch.bool), 1]) + u64(3) + b"\x00\x01\xfe")
    assert came.tolist() == [False, True, True]
    assert wire.tensor_bytes(came) == b"\x00\x01\x01"


# The whole road of receiving: frames, answers, references


def written(value):
    return Encoder(lambda item: handle_bytes(item, "thing")).encode(value)


answers = st.one_of(
    plain.map(lambda v: ("ok", v)),
    st.tuples(
        st.just("raised"), st.sampled_from(["ValueError", "StopIteration", "X"]), plain, plain
    ),
    st.tuples(st.just("raised"), plain, plain, plain),
    st.tuples(st.just("refused"), plain),
    st.tuples(st.just("callback"), st.integers(-1, 2), st.just(()), st.just({})),
    st.tuples(st.just("callback"), plain, plain, plain),
    plain,
)
payloads = answers.map(written) | st.binary(max_size=60)
frames = st.builds(
    frame,
    st.integers(0, 3) | st.just(1) | st.integers(0, 2**64 - 1),
    payloads,
    st.none() | st.none() | st.integers(0, 300) | st.integers(0, 2**64 - 1),
)


@settings(max_examples=300, deadline=None)
@given(sent=st.lists(frames, max_size=5), end=st.binary(max_size=20))
def test_any_frames_give_values_or_clean_failures(sent, end):
    """In any order, with any number, of any length, whole or cut."""
    receive(b"".join(sent) + end, requests=3)


@settings(max_examples=100, deadline=None)
@given(value=plain, number=st.integers(0, 2**64 - 1))
def test_only_the_answer_to_what_was_asked_is_taken(value, number):
    (first,) = receive(frame(number, written(("ok", value))), requests=1)
    if number == 1:
        assert same(first, value)
    else:
        assert isinstance(first, SubjectDied)
        assert "not asked for" in str(first)


@settings(max_examples=50, deadline=None)
@given(length=st.integers(wire.MAX_FRAME + 1, 2**64 - 1))
def test_a_frame_that_says_it_is_too_long_is_refused_before_it_is_read(length):
    (first,) = receive(frame(1, b"x" * 100, length), requests=1)
    assert isinstance(first, SubjectDied)
    assert "over 256 MiB" in str(first)


@settings(max_examples=50, deadline=None)
@given(number=st.integers(1, 2**63 - 1) | st.integers(-(2**63), -1))
def test_a_function_of_the_test_that_does_not_exist_is_not_called(number):
    called = []
    data = frame(1, written(("callback", number, (), {})))
    (first,) = receive(data, 1, called=lambda: called.append(1))
    assert isinstance(first, SubjectDied)
    assert called == []


@pytest.mark.parametrize("number", [0, 1, 2**63 - 1])
def test_a_function_of_the_test_does_not_come_back(number):
    """It would be a value, and a true one; a worker gives a handle to it instead."""
    answer = Encoder(lambda _: callback_bytes(number)).encode(("ok", [object()]))
    (first,) = receive(frame(1, answer), 1)
    assert isinstance(first, SubjectDied)
    assert "a callback came from the wrong side" in str(first)


def test_after_a_broken_answer_nothing_more_is_taken():
    """However right what follows looks."""
    good = frame(2, written(("ok", 2)))
    found = receive(frame(1, b"?") + good + good, requests=3)
    assert [type(f) for f in found] == [SubjectDied] * 3


def test_a_length_costs_no_memory_until_the_bytes_are_there():
    tracemalloc.start()
    try:
        receive(frame(1, b"x" * 10, wire.MAX_FRAME), requests=1)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
