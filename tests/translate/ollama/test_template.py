import pytest

from app.errors import CerellamaError
from app.translate.ollama.template import names_system, render

BOTH = "{{ if .System }}Rules: {{ .System }}\n{{ end }}Q: {{ .Prompt }}"

RENDERED = {
    "prompt": ("{{ .Prompt }}", "S", "P", "P"),
    "no-blanks": ("<{{.Prompt}}>", "S", "P", "<P>"),
    "around": ("Say {{ .Prompt }}, please", "", "hi", "Say hi, please"),
    "no-action": ("only text", "S", "P", "only text"),
    "system-given": (BOTH, "be brief", "why", "Rules: be brief\nQ: why"),
    "system-empty": (BOTH, "", "why", "Q: why"),
    "else": ("{{ if .System }}a{{ else }}b{{ end }}", "", "P", "b"),
    "else-untaken": ("{{ if .System }}a{{ else }}b{{ end }}", "S", "P", "a"),
    "if-prompt": ("{{ if .Prompt }}[{{ .Prompt }}]{{ end }}", "", "P", "[P]"),
    "nested": (
        "{{ if .System }}s{{ if .Prompt }}p{{ else }}q{{ end }}{{ end }}!",
        "",
        "P",
        "!",
    ),
    "trim-left": ("a \n {{- .Prompt }} b", "", "P", "aP b"),
    "trim-right": ("a {{ .Prompt -}} \n b", "", "P", "a Pb"),
    "trim-both": ("a {{- if .System -}} x {{- end -}} b", "", "P", "ab"),
    "comment": ("a{{/* why */}}{{- /* and\nmore */ -}} b", "", "P", "ab"),
    "response": ("Q: {{ .Prompt }} A: {{ .Response }}", "", "P", "Q: P A: "),
    "values-are-not-templates": ("{{ .Prompt }}", "", "{{ .System }}", "{{ .System }}"),
    "closing-alone": ("}} {{ .Prompt }}", "", "P", "}} P"),
}


@pytest.mark.parametrize(
    ("template", "system", "prompt", "text"), RENDERED.values(), ids=RENDERED
)
def test_plain_template_is_rendered(
    template: str, system: str, prompt: str, text: str
) -> None:
    assert render(template, system, prompt) == text


@pytest.mark.parametrize(
    "template",
    [
        "{{ range .Messages }}{{ .Content }}{{ end }}",
        "<|im_start|>user\n{{ .Prompt }}<|im_end|>",
        "[INST] {{ .Prompt }} [/INST]",
        "<start_of_turn>user\n{{ .Prompt }}<end_of_turn>",
        "<s>{{ .Prompt }}</s>",
        "{{ if and .System .Prompt }}x{{ end }}",
        "{{ if .Tools }}x{{ end }}",
        "{{ if .System }}a{{ else if .Prompt }}b{{ end }}",
        "{{ .Tools }}",
        "{{ end }}",
        "{{ else }}",
        "{{ }}",
        "{{ .Prompt | printf }}",
        " " * 200_000 + "{{ .Prompt }}",
    ],
    ids=lambda template: template.strip() or "blank",
)
def test_template_with_other_actions_or_tokens_cannot_be_applied(template: str) -> None:
    assert render(template, "S", "P") is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ .Prompt", "template: :1: unclosed action"),
        ("a {{ .Prompt }} {{", "template: :1: unclosed action"),
        ("a\n{{ .Prompt", "template: :2: unclosed action"),
        ("a\n{{ .Prompt\n\n", "template: :4: unclosed action started at :2"),
        ("{{ if .System }}a\nb", "template: :2: unexpected EOF"),
    ],
)
def test_broken_template_raises_gos_error(template: str, text: str) -> None:
    with pytest.raises(CerellamaError) as caught:
        render(template, "S", "P")

    assert caught.value.message == text


def test_names_system() -> None:
    assert names_system(BOTH)
    assert not names_system("{{ .Prompt }}")
