import re
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest

from bigmodel_lab import datasets, verse

POEM = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
SEVEN = "劝君莫惜金缕衣，劝君惜取少年时。花开堪折直须折，莫待无花空折枝。"
LOST = "千里莺啼绿映红，水村山郭酒旗风。南朝四百八十寺，多少楼台烟雨中。"  # feng, zhong


@pytest.fixture(scope="module")
def real():
    validation = datasets.tang_poems("7x4")[1]
    return list(validation["poem"])


def test_a_poem_has_its_lines():
    four = ["床前明月光", "疑是地上霜", "举头望明月", "低头思故乡"]
    assert verse.lines(POEM) == verse.lines(" ".join(four)) == four
    assert verse.lines("") == []


@pytest.mark.parametrize(
    ("initials", "share"),
    [("床疑举低", 1), ("床疑低举", 0.5), ("春夏秋冬", 0), ("床疑举", 0.75), ("", 0)],
)
def test_an_acrostic_is_counted_by_its_lines(initials, share):
    assert verse.begins(POEM, initials) == share
    assert verse.begins("", initials) == 0


@pytest.mark.parametrize(
    "text",
    [POEM, SEVEN[:-1], SEVEN + "。", SEVEN.replace("，", "。"), "A" + SEVEN[1:], ""],
)
def test_a_text_of_another_form_is_ill_formed(text):
    assert not verse.well_formed(text)


def test_either_form_is_known():
    assert verse.well_formed(SEVEN)
    assert verse.well_formed(POEM, characters=5)


@pytest.mark.parametrize(
    ("second", "fourth", "rhyme"),
    [
        ("霜", "乡", True),  # shuang, xiang
        ("间", "安", True),  # jian, an
        ("风", "明", True),  # feng, ming
        ("儿", "衣", False),  # rhymed in the Tang
        ("月", "河", False),  # yue, he: another vowel
        ("乡", "乡", False),  # the same word
        ("A", "B", False),
    ],
)
def test_rhymes_are_heard_not_spelled(second, fourth, rhyme):
    assert verse.rhymes(f"一二三，一二{second}。一二三，一二{fourth}。") == rhyme


def test_a_rhyme_that_mandarin_has_lost_is_misjudged():
    assert verse.rhymes(SEVEN)
    assert not verse.rhymes(LOST)


def test_a_text_of_three_lines_does_not_rhyme():
    assert not verse.rhymes("一二光，一二霜。一二乡。")


def test_tones_alternate_at_the_even_places_of_a_line():
    level, oblique = "天", "地"
    good = level + level + oblique * 2 + level * 2 + oblique
    assert verse.tonal(f"{good}，{good}。{level * 7}，{good}。") == 0.75
    assert verse.tonal(f"{level * 2}{oblique * 3}，") == 1
    assert verse.tonal("") == verse.tonal("天地，") == 0


def test_repeated_characters_are_counted_after_the_first():
    assert verse.repeated("天天地，天。") == 0.5
    assert verse.repeated("天地") == verse.repeated("ABAB") == 0


def test_real_poems_rhyme_and_shuffled_halves_do_so_by_chance(real):
    measured = verse.measure(real)
    assert list(measured) == ["form", "tones", "rhyme", "repeated"]
    assert measured["form"] == 1
    assert measured["rhyme"] == pytest.approx(0.82, abs=0.02)
    assert measured["tones"] == pytest.approx(0.75, abs=0.02)
    chance = verse.measure(verse.shuffled(real, 0))
    assert chance["rhyme"] == pytest.approx(0.11, abs=0.03)
    assert chance["tones"] == pytest.approx(measured["tones"])


def test_no_half_stays_with_its_own_and_the_seed_decides(real):
    shuffled = verse.shuffled(real, 1)
    own = dict(zip([t[:16] for t in real], [t[16:] for t in real], strict=True))
    assert sorted(t[16:] for t in shuffled) == sorted(t[16:] for t in real)
    assert [t[:16] for t in shuffled] == [t[:16] for t in real]
    assert sum(own[t[:16]] == t[16:] for t in shuffled) == 0
    assert shuffled == verse.shuffled(real, 1) != verse.shuffled(real, 2)


def test_an_ill_formed_poem_counts_as_no_rhyme_and_no_tones():
    good = verse.measure([SEVEN])
    half = verse.measure([SEVEN, SEVEN[:-1]])
    assert min(good.values()) > 0
    for name in ("form", "tones", "rhyme"):
        assert half[name] == good[name] / 2
    assert half["repeated"] == pytest.approx(good["repeated"])


def test_a_thousand_poems_take_well_below_a_second(real):
    verse.measure(real)  # the dictionaries are loaded, the sounds of characters known
    start = time.process_time()
    verse.measure(real[:1000])
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("use", [verse.measure, verse.shuffled, verse.show])
@pytest.mark.parametrize(
    ("poems", "says"), [(POEM, "in a list"), ([1], "not 1"), (3, "3")]
)
def test_what_is_no_list_of_texts_is_told(use, poems, says):
    with pytest.raises(TypeError, match=says):
        use(poems)


def test_no_poem_has_no_mean():
    with pytest.raises(ValueError, match="at least one"):
        verse.measure([])


def test_importing_the_library_does_not_wait_for_pypinyin():
    code = (
        "import sys, bigmodel_lab; bigmodel_lab.verse; print('pypinyin' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False"


# What is shown.


def test_sounds_and_words_of_a_line():
    assert verse.pinyin("床前明月光，") == "chuáng qián míng yuè guāng"
    assert verse.gloss("床前明月光，") == ["bed", "in front", "bright", "moon", "light"]
    assert verse.gloss("龘") == ["·"]


def test_the_readings_of_verse_are_readings_of_the_character():
    from pypinyin import pinyin

    for character, reading in verse._IN_VERSE.items():
        assert reading in pinyin(character, heteronym=True)[0]


def test_plain_text_has_each_line_with_its_sound_and_words():
    shown = repr(verse.show([POEM, "千里"], ["Li Bai", ""]))
    assert shown.splitlines()[:4] == [
        "Li Bai",
        "床前明月光，",
        "    chuáng qián míng yuè guāng",
        "    bed, in front, bright, moon, light",
    ]
    assert shown.endswith("\n\n千里\n    qiān lǐ\n    thousand, inside")


def test_the_page_has_all_of_it_and_is_well_formed():
    text = "床前<b>月&龘，\n" + POEM
    page = verse.show([text], ["<i>&"])._repr_html_()
    tree = ElementTree.fromstring(page.replace("&nbsp;", " "))
    assert tree.findtext(".//figcaption") == "<i>&"
    characters = [ruby.text for ruby in tree.iter("ruby")]
    assert "".join(characters) == re.sub("[，。\n]", "", text)
    assert {each.get("lang") for each in tree.iter("rt")} == {"zh-Latn"}
    words = [small.text for small in tree.iter("small")]
    assert words[:8] == ["bed", "in front", "·", "·", "·", "moon", "·", "·"]
    assert len(tree.findall(".//div[@class='lab-line']")) == 5


def test_titles_must_fit_the_poems():
    with pytest.raises(ValueError, match="1 titles, 2 poems"):
        verse.show([POEM, POEM], ["one"])
    with pytest.raises(TypeError, match="every title in a list"):
        verse.show([POEM], "one")
