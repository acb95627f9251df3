"""Which Chinese characters are common."""


def common_chinese_characters() -> list[str]:
    """The 3,755 characters of GB 2312 level 1: the common characters of written Chinese."""
    cells = [bytes([row, cell]) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF)]
    return [cell.decode("gb2312") for cell in cells if not (cell[0] == 0xD7 and cell[1] > 0xF9)]
