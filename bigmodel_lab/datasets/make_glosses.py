"""Make `glosses.txt`, an English word for each character of the poems, for maintainers.

    apt-get download unicode-data=15.0.0-1
    dpkg -x unicode-data_15.0.0-1_all.deb unpacked
    python -m bigmodel_lab.datasets.make_glosses unpacked/usr/share/unicode

The words are those of the Unihan database: the first short sense of each definition.
Where another sense is what the poets mean, `BY_HAND` has it.
"""

import bz2
import hashlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

SOURCES = {  # file -> sha256
    "Unihan_Readings.txt.bz2": (
        "216d9e19e44195522b84a05bf7308e385356615121258869faf919e96824ddd5"
    ),
    "Unihan_Variants.txt.bz2": (
        "42f42d18fe0368ca8dfb76d91bb2612b4bb34fe7960a4aa770687c0bf48a0cce"
    ),
}
FILE = Path(__file__).with_name("glosses.txt")
WORDS, LETTERS = 3, 18  # the most that a gloss has
# What is no plain word, or is none for a classroom.
_UNFIT = re.compile(
    r"[^A-Za-z' -]|^-|-$|"
    r"\b(surnames?|names?|variant|type of|species|interjection|slaves?|stupid|dumb)\b"
)
_QUOTE = re.compile(r"\B'|'\B")
_ARTICLE = re.compile(r"^(to be|to|be|an?|the|that which is|very) (?=\w)")
_SAME = re.compile(r"(?:variant of|same as|form of)[^;]*?(U\+[0-9A-F]+)")
BY_HAND = """
人 person, 无 without, 中 middle, 云 cloud, 是 is, 得 get, 江 river, 相 each other,
去 leave, 为 for, 君 lord, 里 inside, 更 still more, 行 walk, 尽 to the end, 到 arrive,
与 with, 子 child, 间 between, 我 I, 似 like, 闲 idle, 可 can, 却 yet, 成 become,
出 come out, 几 how many, 梅 plum blossom, 枝 branch, 犹 still, 朝 morning, 城 city,
将 about to, 阳 sun, 仙 immortal, 世 world, 当 should, 百 hundred, 然 thus, 楼 tower,
问 ask, 后 after, 柳 willow, 叶 leaf, 游 roam, 醉 drunk, 曾 once, 故 old, 阴 shade,
名 name, 松 pine, 晚 evening, 别 part, 碧 jade green, 华 splendor, 公 duke, 望 gaze,
断 break off, 数 count, 便 then, 著 touch, 方 direction, 正 just, 翠 emerald green,
留 stay, 复 again, 台 terrace, 孤 lonely, 幽 secluded, 对 facing, 语 speech, 残 fading,
余 remaining, 气 air, 州 region, 关 mountain pass, 传 pass on, 干 dry, 觉 feel,
萧 desolate, 儿 child, 泉 fountain, 共 together, 要 want, 发 send out, 僧 monk, 双 pair,
太 too, 堪 can bear, 曲 melody, 离 leave, 绝 cut off, 苍 gray-green, 经 pass through,
胜 surpass, 乐 joy, 虚 empty, 乡 home, 吾 I, 丹 red, 六 six, 垂 hang down,
待 wait, 使 let, 都 all, 兴 rise, 隔 apart, 喜 glad, 临 approach, 本 origin, 因 because,
了 done, 种 plant, 会 meet, 才 only just, 乱 disorder, 片 piece, 合 join, 啼 cry,
眠 sleep, 住 stay, 卷 roll up, 于 at, 汉 Han, 缘 bond, 亲 close, 节 season, 悠 far away,
帘 curtain, 师 master, 折 break, 惟 only, 尺 foot, 之 of, 怀 cherish, 全 whole,
第 order, 傍 beside, 者 one who, 机 moment, 钟 bell, 总 all, 即 at once, 寺 temple,
凤 phoenix, 吴 Wu, 楚 Chu, 飘 drift, 钓 fishing, 渔 fishing, 弄 play with, 映 reflect,
簷 eaves, 檐 eaves, 帝 emperor, 绕 wind around, 疎 sparse, 疏 sparse, 蓬 tumbleweed,
壁 wall, 秦 Qin, 题 write on, 妙 wonderful, 俗 worldly, 轩 pavilion, 被 quilt, 及 reach,
交 cross, 摇 sway, 桂 cassia, 偏 leaning, 呼 call, 杜 Du, 斋 study room, 采 pick,
胡 nomads, 斗 dipper, 御 imperial, 团 round, 添 add, 玄 dark, 洲 islet, 并 together,
洛 Luo river, 征 journey, 占 occupy, 赏 enjoy, 辞 take leave, 约 promise, 除 remove,
愿 wish, 梢 tip, 凌 soar over, 畔 beside, 没 sink, 就 approach, 厌 tire of, 素 plain,
零 scattered, 鸿 wild goose, 历 pass through, 般 kind, 旋 whirl, 陈 lay out, 粧 makeup,
妆 makeup, 塞 frontier, 徒 in vain, 秀 graceful, 系 tie, 朱 vermilion, 潇 Xiao river,
娥 fair lady, 絮 catkins, 匆 hurried, 鸾 phoenix, 调 tune, 际 edge, 荡 sway, 弹 pluck,
甚 very, 苑 garden, 薰 fragrant, 莱 weeds, 郭 outer wall, 鼎 tripod, 腊 year's end,
戏 play, 利 gain, 冲 rush, 词 lyrics, 曹 Cao, 丁 man, 萝 vine, 衲 monk's robe, 触 touch,
衔 hold in mouth, 欹 lean, 筑 build, 晋 Jin, 卿 minister, 苹 duckweed, 瑟 zither,
荐 offer, 霁 clearing sky, 巴 Sichuan, 韩 Han, 济 ford, 伽 temple, 磊 rocky, 辅 help,
控 pull, 俎 meat stand, 馿 donkey, 的 target, 乳 milk, 胸 chest, 嚼 chew, 范 model,
庞 huge, 瞥 glance, 蕃 foreign, 蛮 southern tribes, 夷 eastern tribes, 虏 foe, 薇 fern,
蕨 bracken, 莼 water shield, 藜 goosefoot, 楸 catalpa, 骚 restless, 鹄 swan, 黍 millet,
谩 in vain, 漫 boundless, 馆 lodge, 葵 mallow, 芭 plantain, 蕉 plantain, 淅 pattering,
萼 calyx, 湲 flowing, 秧 seedlings, 芒 grass spikes, 穉 young, 氲 mist, 菡 lotus bud,
迤 winding, 菩 bodhi, 崦 sunset hill, 颍 Ying river, 汴 Bian river, 浔 Xun river,
闽 Fujian, 浙 Zhejiang, 姚 Yao, 魏 Wei, 赵 Zhao, 刘 Liu, 宋 Song, 隋 Sui, 唐 Tang,
周 Zhou, 崔 Cui, 孟 eldest, 袁 Yuan, 董 Dong, 郎 young man, 姑 aunt, 娘 lady,
妃 consort, 姬 lady, 鬟 hair bun, 嫌 dislike, 岑 peak, 嵩 Mount Song, 挥 wave,
勒 rein in, 鬬 fight, 鬭 fight, 仆 servant, 卉 plants, 臯 marsh, 皋 marsh,
篷 boat awning, 旌 banner, 旆 banner, 褰 lift, 骊 black horse, 槛 railing, 阑 railing,
乍 suddenly, 蓉 lotus, 芙 lotus, 寥 empty, 恨 regret, 惊 startle, 梁 beam, 谪 banish,
渚 islet, 砧 washing stone, 辇 carriage, 淡 pale, 羌 Qiang people, 笛 flute, 箫 flute,
朵 blossom, 朶 blossom, 柯 branch, 鹂 oriole, 鹭 egret, 鸶 egret, 迳 path, 逢 meet,
遗 leave behind, 野 wild, 阁 pavilion, 雕 carve, 青 green, 韶 lovely, 颇 quite, 骑 ride,
鲁 Lu, 葛 kudzu, 芝 magic mushroom, 么 what, 着 wear, 丑 ugly, 僊 immortal,
舜 King Shun, 禹 King Yu, 尧 King Yao, 郑 Zheng, 彭 Peng, 潘 Pan, 裴 Pei, 蔡 Cai,
阮 Ruan, 叔 uncle, 伦 norms, 冈 ridge, 圭 jade tablet, 夹 squeeze, 妓 singing girl,
妾 humble wife, 嫦 moon goddess, 姮 moon goddess, 峤 peak, 帏 curtain, 庚 seventh,
庵 hermitage, 戟 halberd, 扃 bolt, 挲 stroke, 捧 hold up, 斛 bushel, 曈 dawning, 朦 dim,
胧 dim, 杉 fir, 栋 ridgepole, 桐 paulownia, 梧 parasol tree, 汾 Fen river, 涪 Fu river,
淫 excessive, 淮 Huai river, 渭 Wei river, 湘 Xiang river, 潺 murmuring, 灞 Ba river,
爵 noble rank, 猩 ape, 玑 pearl, 玕 fine stone, 珑 tinkling, 琴 zither, 琵 lute,
琶 lute, 璧 jade disk, 瓢 gourd, 甃 well wall, 畦 garden bed, 瘴 miasma, 盏 cup,
矣 indeed, 祝 wish well, 笙 reed pipes, 筇 bamboo staff, 箪 basket, 篙 punting pole,
米 rice, 粱 millet, 纶 fishing line, 绶 silk ribbon, 罍 wine jar, 羲 sun charioteer,
耶 or not, 芜 overgrown, 莎 sedge, 蕙 orchid, 蛟 flood dragon, 蛱 butterfly, 蜀 Sichuan,
衮 royal robe, 裟 monk's robe, 袈 monk's robe, 褭 sway, 讵 how, 趣 interest, 迦 Shakya,
邯 Handan, 郸 Handan, 郡 district, 酴 bramble rose, 醾 bramble rose, 钧 potter's wheel,
闾 village gate, 阿 riverbend, 陇 western hills, 陌 path, 霆 thunderclap,
霏 falling thick, 霸 overlord, 饷 send food, 骖 team horse, 骢 gray horse, 鶑 oriole,
鸪 partridge, 鸯 mandarin duck, 鸳 mandarin duck, 鹉 parrot, 鹏 giant bird, 麈 whisk,
麒 unicorn, 麟 unicorn, 鼙 war drum, 乎 oh, 兮 oh, 哉 alas, 兀 towering, 咫 very near,
囷 granary, 豚 piglet, 个 piece, 昌 thriving, 漪 ripples, 颖 ear of grain, 婵 graceful,
嘶 neigh, 狎 familiar, 觞 wine cup, 祗 only, 崎 rugged, 岖 rugged, 瞿 Qutang gorge,
悮 mistake, 踈 sparse, 荔 lychee, 昆 Kunlun, 仑 Kunlun, 陀 Buddha, 尼 nun, 桓 Huan,
邑 town, 粲 bright, 岷 Min river, 蘧 pink flower, 靡 languid, 欤 or not, 焉 there,
扪 feel, 僮 servant boy, 伶 singer, 汲 draw water, 幢 banner, 甫 just now, 庾 Yu,
瑕 flaw, 杓 dipper handle, 溟 sea, 滞 linger, 藩 hedge, 樊 cage, 凶 ominous, 络 net,
荧 glimmer, 浆 drink, 碾 grind, 款 sincere, 稽 linger, 按 press, 寰 world, 贱 lowly,
秃 bare, 臭 odor, 粗 coarse, 拭 wipe, 掬 handful, 敕 imperial edict, 宙 all time,
怯 timid, 丸 ball, 徙 move, 慎 careful, 粼 clear, 玲 tinkling, 季 season, 穹 sky dome,
派 school, 社 village, 泠 cool, 绪 thread end, 渌 clear water, 裾 hem, 凋 wither,
啾 chirping, 呜 sobbing, 唳 crane's cry, 杪 twig tip, 涨 swell, 煎 boil, 戴 wear,
牡 male animal, 奁 mirror box, 沿 along, 乖 perverse, 仲 second, 劝 urge, 业 trade,
农 farming, 功 merit, 勋 merit, 勤 diligent, 器 vessel, 基 base, 夸 boast, 孙 grandson,
屡 often, 庆 celebrate, 徧 all over, 遍 all over, 怅 downcast, 惆 downcast, 政 rule,
文 writing, 樵 woodman, 汗 sweat, 注 pour, 澜 billows, 熟 ripe, 瑞 good omen,
略 roughly, 畧 roughly, 繁 manifold, 缈 hazy, 聪 clever, 肠 insides, 营 camp, 蔬 greens,
菜 greens, 貌 looks, 踪 tracks, 频 often, 积 pile up, 禅 Zen, 祸 disaster
"""


def read(folder: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the definitions of characters, and their traditional forms."""
    definitions, traditional = {}, defaultdict(list)
    for file in SOURCES:
        with bz2.open(folder / file, "rt", encoding="utf-8") as rows:
            for row in rows:
                if not row.startswith("U+"):
                    continue
                code, field, value = row.rstrip("\n").split("\t")
                if field == "kDefinition":
                    definitions[_character(code)] = value
                elif field == "kTraditionalVariant":
                    traditional[_character(code)] += map(_character, value.split())
    return definitions, traditional


def _character(code):
    """Return the character of a code such as U+5E8A."""
    return chr(int(code.removeprefix("U+"), 16))


def short(definition: str) -> str:
    """Return the first sense of a definition that is short and fit, or ""."""
    for sense in re.split("[;,?!]", re.sub(r"\([^()]*\)", " ", definition)):
        sense = _ARTICLE.sub("", " ".join(_QUOTE.sub("", sense).split()))
        fit = sense and not _UNFIT.search(sense)
        if fit and len(sense.split()) <= WORDS and len(sense) <= LETTERS:
            return sense
    return ""


def gloss(
    character: str, definitions: Mapping[str, str], traditional: Mapping[str, list]
) -> str:
    """Return the gloss of a character: its own, or that of what it is a variant of."""
    own = definitions.get(character, "")
    same = [_character(code) for code in _SAME.findall(own)]
    for other in [character, *same, *traditional.get(character, [])]:
        if found := short(definitions.get(other, "")):
            return found
    return ""


def glosses(
    characters: Iterable[str],
    definitions: Mapping[str, str],
    traditional: Mapping[str, list],
) -> dict[str, str]:
    """Return the gloss of each character that has one, in their order."""
    by_hand = dict(pair.split(" ", 1) for pair in re.split(",\\s+", BY_HAND.strip()))
    found = {
        character: by_hand.get(character) or gloss(character, definitions, traditional)
        for character in sorted(characters)
    }
    return {character: words for character, words in found.items() if words}


def main(folder: str) -> None:
    """Write the file, for the characters of all poems."""
    from bigmodel_lab.datasets import tang_poems

    for file, sha256 in SOURCES.items():
        if hashlib.sha256((Path(folder) / file).read_bytes()).hexdigest() != sha256:
            raise ValueError(f"{file} is not that of Unicode 15.0.0, by its sha256.")
    poems = [part["poem"] for form in ("7x4", "5x4") for part in tang_poems(form)]
    characters = {character for part in poems for character in "".join(part)}
    found = glosses(characters, *read(Path(folder)))
    FILE.write_text(
        "".join(f"{character} {words}\n" for character, words in found.items()),
        encoding="utf-8",
    )
    content = FILE.read_bytes()
    print(f"{len(found):,} of {len(characters):,} glosses; size = {len(content):_}")
    print(f'sha256 = "{hashlib.sha256(content).hexdigest()}"')
    print("without a gloss:", "".join(sorted(characters - set(found))))


if __name__ == "__main__":
    main(*sys.argv[1:])
