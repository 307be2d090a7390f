"""Run completions of LiteLLM, in its own environment.

Each line of standard input has the arguments of one completion as JSON. The line that
is printed for it has the reply, or the chunks, and the error if there was one.
"""

import json
import sys

results, sys.stdout = sys.stdout, sys.stderr  # LiteLLM prints to standard output

import litellm  # noqa: E402

litellm.suppress_debug_info = True


def complete(arguments):
    result = {"chunks": []}
    try:
        reply = litellm.completion(**arguments)
        if not arguments.get("stream"):
            return {"reply": reply.model_dump()}
        for chunk in reply:
            result["chunks"].append(chunk.model_dump())
    except Exception as error:
        status = getattr(error, "status_code", None)
        result["error"] = {"status": status, "message": str(error)}
    return result


for line in sys.stdin:
    print(json.dumps(complete(json.loads(line))), file=results, flush=True)
