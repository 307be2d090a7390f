from app.translate.dialect import frame_texts


def test_a_run_frames_each_text_by_itself() -> None:
    assert frame_texts(b"<", ["a", 'b"'], b">\n") == b'<"a">\n<"b\\"">\n'


def test_a_run_has_no_line_breaks_that_only_unicode_knows() -> None:
    framed = frame_texts(b"", ["a\u0085b\u2028c\u2029d é"], b"\n")

    assert framed == '"a\\u0085b\\u2028c\\u2029d é"\n'.encode()
