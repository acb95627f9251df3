import json
import subprocess
import sys

import pytest

from tunesmith.data.examples import Message
from tunesmith.serving.protocol import (
    Adapter,
    GenerateRequest,
    PromptStart,
    Sampling,
    TokenDelta,
    TokenLogprob,
    TopLogprob,
    item_from_json,
)

CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
LOGPROB = TokenLogprob("�", 7, -0.5, (228,), (TopLogprob("a", (97,), -0.5), TopLogprob("<|eos|>", None, -1.25)))


@pytest.mark.parametrize(
    "request_",
    [
        GenerateRequest("r1", prompt="hello"),
        GenerateRequest("r2", prompt_token_ids=(1, 2), n=3, echo=True, sampling=Sampling(stop=("a", "b"), seed=2**60)),
        GenerateRequest("r3", prompt_token_ids=()),
        GenerateRequest(
            "r4",
            adapter=Adapter("ft:x", "/a"),
            messages=(Message("user", "你好"), Message("assistant", None, tool_calls=(CALL,))),
            tools=({"type": "function", "function": {"name": "f"}},),
            sampling=Sampling(temperature=0.0, logprobs=5, logit_bias={3: -100.0}),
        ),
    ],
)
def test_a_request_survives_the_wire(request_: GenerateRequest) -> None:
    assert GenerateRequest.from_json(json.loads(json.dumps(request_.to_json()))) == request_


@pytest.mark.parametrize(
    "item",
    [
        PromptStart(3),
        PromptStart(2, "ab", (TokenLogprob("a", 0, None, (97,)), LOGPROB)),
        TokenDelta(0, "hi", (1, 2), (LOGPROB,)),
        TokenDelta(1, "", (), (), "tool_calls", (CALL,)),
    ],
)
def test_an_item_of_the_stream_survives_the_wire(item: PromptStart | TokenDelta) -> None:
    assert item_from_json(json.loads(json.dumps(item.to_json()))) == item


def test_the_protocol_and_the_pool_load_no_torch() -> None:
    code = "import sys, tunesmith.serving.protocol; assert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
