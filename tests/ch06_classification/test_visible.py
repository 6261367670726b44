"""What the learner of chapter 6 sees: small data, worked values, padding that must not matter."""

import pytest
import torch
from torch.nn import functional

PAD = 9
END = "<|endoftext|>"
CFG = {
    "vocab_size": 10,
    "context_length": 8,
    "emb_dim": 6,
    "n_heads": 2,
    "n_layers": 3,
    "drop_rate": 0.0,
    "qkv_bias": True,
}


def numbered(labels):
    """Rows with these labels, no two with the same text."""
    return [{"label": label, "text": f"message {i}"} for i, label in enumerate(labels)]


def table(probe, weight):
    """A model whose logits at a position are the row of `weight` with the id that stands there."""
    model = probe.nn("Embedding", *weight.shape)
    probe.load_state(model, {"weight": weight})
    return model


def classifier(probe):
    """A small GPT with two classes."""
    model = probe.earlier("ch04_gpt").GPTModel(CFG)
    model.add_module("out_head", probe.nn("Linear", CFG["emb_dim"], 2))
    return model.eval()


def deciding(probe, spam_ids):
    """A GPT that says spam where the token at which it is read is one of these ids."""
    model = classifier(probe)
    state = {name: torch.zeros_like(value) for name, value in probe.parameters(model).items()}
    direction = torch.tensor([1.0, -1.0] * (CFG["emb_dim"] // 2))
    state["tok_emb.weight"] = -direction.repeat(CFG["vocab_size"], 1)
    state["tok_emb.weight"][spam_ids] = direction
    state["final_norm.scale"] = torch.ones(CFG["emb_dim"])
    state["out_head.weight"] = torch.stack([-direction, direction])
    probe.load_state(model, state)
    return model


def tokenizer(probe, pad=PAD):
    """One id for each letter, a to i; as tiktoken's, it refuses specials that are not allowed."""

    def encode(text, allowed_special=()):
        allowed = [END] if isinstance(allowed_special, str) else list(allowed_special)
        if END in text and END not in allowed:
            raise ValueError("<|endoftext|> is not allowed")
        parts = [["abcdefghi".index(letter) for letter in part] for part in text.split(END)]
        return parts[0] + [token for part in parts[1:] for token in (pad, *part)]

    return probe.object(encode=encode)


@pytest.mark.exercise("load_sms_rows")
def test_quotes_are_text(chapter, probe):
    """A line is a label, a tab and the message; quotation marks belong to the message."""
    data = 'ham\tOk, see you at 8\nspam\t"WIN" a prize!\nham\t"Quoted once, he said\nham\t""\n'
    rows = chapter.load_sms_rows(probe.folder({"sms.tsv": data.encode()}) + "/sms.tsv")
    assert rows == [
        {"label": "ham", "text": "Ok, see you at 8"},
        {"label": "spam", "text": '"WIN" a prize!'},
        {"label": "ham", "text": '"Quoted once, he said'},
        {"label": "ham", "text": '""'},
    ], f"the rows are {rows}"


@pytest.mark.exercise("create_balanced_dataset")
def test_as_many_ham_as_spam(chapter, probe):
    """All rows of the rarer label stay, as many of the other, in the order of the input."""
    rows = numbered(["ham", "ham", "spam", "ham", "spam", "ham", "ham", "spam", "ham", "ham"])
    balanced = chapter.create_balanced_dataset([dict(row) for row in rows])
    labels = [row["label"] for row in balanced]
    assert labels.count("spam") == labels.count("ham") == 3, f"the labels are {labels}"
    places = [rows.index(row) for row in balanced]
    assert places == sorted(set(places)), f"the rows are numbers {places} of the input"


@pytest.mark.exercise("random_split")
def test_parts_of_ten_rows(chapter, probe):
    """10 rows make parts of 7, 1 and 2: shuffled, each row in one part, the same for one seed."""
    rows = numbered(["ham", "spam"] * 5)
    parts = chapter.random_split([dict(row) for row in rows], 0.7, 0.1, seed=5)
    sizes = [len(part) for part in parts]
    assert sizes == [7, 1, 2], f"the parts have {sizes} rows"
    places = [rows.index(row) for part in parts for row in part]
    assert sorted(places) == list(range(10)), f"the parts hold the rows {places}"
    again = chapter.random_split([dict(row) for row in rows], 0.7, 0.1, seed=5)
    assert [list(part) for part in again] == [list(part) for part in parts], "the seed was the same"


@pytest.mark.exercise("SpamDataset")
def test_items_are_padded_to_the_longest(chapter, probe):
    """Each item has as many ids as the longest message, padded at the end, and 0 or 1 for label."""
    rows = [{"label": "spam", "text": "abc"}, {"label": "ham", "text": f"d{END}"}]
    rows += [{"label": "ham", "text": "b"}]
    data = chapter.SpamDataset(rows, tokenizer(probe), pad_token_id=7)
    assert len(data) == 3, f"3 messages, and len(data) is {len(data)}"
    assert data.max_length == 3, f"the longest has 3 tokens, and max_length is {data.max_length}"
    expected = [([0, 1, 2], 1), ([3, PAD, 7], 0), ([1, 7, 7], 0)]
    for i, (ids, label) in enumerate(expected):
        probe.assert_close(data[i][0], torch.tensor(ids), f"the ids of message {i}")
        assert int(data[i][1]) == label, f"the label of message {i} is {data[i][1]}, not {label}"


@pytest.mark.exercise("prepare_for_classification")
def test_only_the_end_is_trained(chapter, probe):
    """The last block, final_norm and a new head with bias are trained, all else is frozen."""
    model = probe.earlier("ch04_gpt").GPTModel(CFG)
    chapter.prepare_for_classification(model, 2)
    shapes = probe.parameter_shapes(model)
    assert shapes.get("out_head.weight") == (2, 6), "the head's weight is (num_classes, emb_dim)"
    assert shapes.get("out_head.bias") == (2,), "the head has a bias of num_classes values"
    for name, trained in probe.trainable(model).items():
        wanted = name.startswith(("trf_blocks.2.", "final_norm.", "out_head."))
        assert trained == wanted, f"{name} is {'trained' if trained else 'frozen'}"


@pytest.mark.exercise("last_token_logits")
def test_logits_of_the_last_real_token(chapter, probe):
    """With 3 and 1 real tokens, the answer holds the logits at positions 2 and 0."""
    logits = torch.tensor([[[1.0, -1.0], [2.0, -2.0], [3.0, -3.0]], [[4.0, 0.0], [5, 1], [6, 2]]])
    actual = chapter.last_token_logits(logits, torch.tensor([3, 1]))
    expected = torch.tensor([[3.0, -3.0], [4.0, 0.0]])
    probe.assert_close(actual, expected, "last_token_logits(logits, [3, 1])", ("row", "class"))


@pytest.mark.exercise("calc_accuracy_loader")
def test_accuracy_of_a_worked_example(chapter, probe):
    """3 right of 4 in one batch and 0 of 1 in another make 0.6; padding behind does not count."""
    # Tokens 0 and 1 stand for class 0, 2 and 3 for class 1, and padding would be class 1.
    model = table(
        probe, functional.one_hot(torch.tensor([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]), 2).float()
    )
    first = torch.tensor([[2, 0, PAD], [0, 2, 3], [1, PAD, PAD], [3, PAD, 0]])
    second = torch.tensor([[0, 0, 1, PAD, PAD]])
    loader = [(first, torch.tensor([0, 1, 0, 1])), (second, torch.tensor([1]))]
    actual = chapter.calc_accuracy_loader(probe.batches(loader), model, "cpu", pad_token_id=PAD)
    probe.assert_close(actual, 0.6, "calc_accuracy_loader(loader, model, device)")


@pytest.mark.exercise("calc_class_loss_batch")
def test_loss_of_a_worked_example(chapter, probe):
    """Logits [0, 0] cost ln 2 and [0, ln 3] cost ln 4 or ln 4/3, however much padding follows."""
    weight = torch.tensor([[0.0, 0.0], [0.0, 3.0], [50.0, 0.0], [0.0, 50.0]])
    weight[1, 1] = weight[1, 1].log()
    model = table(probe, weight)
    for padding in (0, 1, 4):
        ids = torch.tensor([[3, 2, 0], [3, 2, 1], [2, 3, 1]])
        ids = functional.pad(ids, (0, padding), value=3)
        targets = torch.tensor([1, 0, 1])
        actual = chapter.calc_class_loss_batch(ids, targets, model, "cpu", pad_token_id=3)
        expected = torch.tensor([2.0, 4.0, 4 / 3]).log().mean()
        probe.assert_close(actual, expected, f"calc_class_loss_batch with {padding} times padding")


@pytest.mark.exercise("train_classifier_simple")
def test_training_lowers_the_loss(chapter, probe):
    """After training, the loss of the weights is lower, and the last loss that came back is it."""
    model = classifier(probe)
    ids = torch.tensor([[4, 0, 5], [2, 1, 1], [0, 3, 8], [7, 0, 0], [1, 2, 6], [5, 5, 3]])
    labels = torch.tensor([1, 0, 1, 0, 1, 0])
    before = functional.cross_entropy(model(ids)[:, -1], labels).item()
    loader = probe.batches([(ids[:3], labels[:3]), (ids[3:], labels[3:])])
    optimizer = probe.optimizer("AdamW", model, lr=0.01)
    result = chapter.train_classifier_simple(model, loader, loader, optimizer, "cpu", 8, 5, 2)
    train_losses, val_losses, train_accs, val_accs, seen = result
    after = functional.cross_entropy(model.eval()(ids)[:, -1], labels).item()
    assert after < before, f"the loss was {before:.4f} and is {after:.4f}"
    lengths = [len(values) for values in (train_losses, val_losses, train_accs, val_accs)]
    assert lengths == [4, 4, 8, 8], f"16 updates, eval_freq 5, 8 epochs: the lists have {lengths}"
    probe.assert_close(train_losses[-1], after, "the training loss after update 15")
    probe.assert_close(seen, 48, "the number of examples seen")


@pytest.mark.exercise("classify_review")
def test_reviews_whatever_the_padding(chapter, probe):
    """The answer is that of the last real token, whatever max_length and padding token are."""
    model, letters = deciding(probe, [1, 3, 5]), tokenizer(probe)  # b, d and f mean spam
    reviews = {"ab": "spam", "ha": "not spam", f"b{END}dac": "not spam", f"c{END}cd": "spam"}
    for text, expected in reviews.items():
        for max_length in (5, 8, 1000, None):
            for pad in (PAD, 5):
                answer = chapter.classify_review(text, model, letters, "cpu", max_length, pad)
                what = f"classify_review({text!r}, max_length={max_length}, pad_token_id={pad})"
                assert answer == expected, f"{what} is {answer!r}"
