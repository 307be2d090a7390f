"""Runs in LiteLLM's own environment: each line in is the arguments of one completion.

The line out is what came of it: the reply, the list of chunks, or the error.
"""

import json
import sys

answers, sys.stdout = sys.stdout, sys.stderr  # whatever else is printed is no answer

import litellm  # noqa: E402  # it prints

litellm.suppress_debug_info = True


def complete(arguments):
    try:
        reply = litellm.completion(**arguments)
        if arguments.get("stream"):
            return {"chunks": [chunk.model_dump() for chunk in reply]}
        return {"reply": reply.model_dump()}
    except Exception as error:
        status = getattr(error, "status_code", None)
        kind = type(error).__name__
        return {"error": {"kind": kind, "status": status, "message": str(error)}}


for line in sys.stdin:
    print(json.dumps(complete(json.loads(line))), file=answers, flush=True)
