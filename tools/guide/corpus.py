"""The guide's corpus: facts.toml and questions/, and how a conversation to learn from is drawn from them.

A line `[topic]` in a file of questions/ begins the questions of that topic, one a line; a question with a Chinese
character is answered in Chinese, any other in English.
"""

import random
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
OUTSIDE = "outside"
SMALL_TALK = {"greeting", "how_are_you", "thanks", "bye", "not_helpful"}

HAN = re.compile(r"[\u3400-\u9fff]")

MORE = {
    "en": ["Tell me more", "more", "go on", "Why?", "Can you explain that?", "How so?", "more details please",
           "How do you mean?", "explain", "could you say more about that", "and what else?", "I want to know more"],
    "zh": ["详细说说", "再多说一点", "为什么？", "能解释一下吗", "怎么说？", "具体一点", "还有呢？", "展开讲讲", "说详细些", "继续", "细说", "我想多了解一些"],
}

OTHER_LANGUAGE = {  # said in the language to be answered in, or naming it
    "zh": ["用中文说", "请用中文回答", "中文", "说中文", "in Chinese please", "Say that in Chinese", "can you answer in chinese", "翻成中文"],
    "en": ["in English please", "Say that in English", "English please", "answer in english", "用英文说", "请用英语回答", "英文"],
}

SYSTEM_PROMPTS = [
    "You are a helpful assistant.", "Answer briefly.", "Be concise and friendly.", "You are a pirate.",
    "You are an AI assistant whose name is InternLM (书生·浦语).", "Always answer in rhyme.", "You are an expert programmer.",
    "你是一个有用的助手。", "回答要简短。", "请用轻松的语气。", "你是一名资深工程师。", "你是一位老师。",
]

# Words that mean the same here. A question's word is now and then replaced by another of its row.
SYNONYMS = {
    "en": [
        ["model", "llm", "language model", "AI model"], ["delete", "remove", "erase", "get rid of"],
        ["gpu", "graphics card", "video card", "GPU"], ["chat", "conversation", "dialogue"],
        ["chats", "conversations", "dialogues"], ["vram", "gpu memory", "video memory", "graphics memory"],
        ["computer", "pc", "machine", "laptop"], ["show", "display"], ["choose", "pick", "select"],
        ["inkstone", "this page", "this site", "this app", "it", "Inkstone"], ["internet", "network", "web connection"],
        ["save", "keep", "store"], ["error", "message", "problem"], ["quick", "fast"], ["begin", "start"],
        ["what is", "what's", "explain", "what does this mean:", "define"], ["how do i", "how can i", "how to", "how would i", "what is the way to"],
        ["can i", "may i", "is it possible to", "am i able to", "could i"], ["do i need", "must i have", "is there a need for"],
        ["answer", "reply", "response"], ["answers", "replies", "responses"], ["question", "prompt"], ["stop", "halt"], ["type", "write", "enter"],
        ["file", "files"], ["download", "fetch", "get"], ["best", "ideal"], ["which", "what"], ["big", "large"], ["need", "require"],
    ],
    "zh": [
        ["怎么", "如何", "怎样", "咋"], ["删除", "删掉", "移除", "清除"], ["模型", "大模型", "语言模型"], ["显卡", "GPU"],
        ["对话", "聊天", "会话"], ["可以", "能", "能不能", "可不可以"], ["电脑", "机器", "计算机", "笔记本"], ["为什么", "为何", "为啥"],
        ["什么", "啥"], ["网页", "网站", "页面", "应用"], ["选择", "选", "挑"], ["多大", "有多大"], ["多少", "多大"], ["需要", "要"],
        ["回答", "回复", "答案"], ["没有", "没"], ["文件", "档案"], ["现在", "目前"], ["问题", "提问"], ["停止", "停下", "中止"], ["保存", "存"],
        ["哪个", "哪一个", "哪种"], ["下载", "下"], ["快", "迅速"], ["这个", "此"], ["支持", "兼容"], ["吗", "么", "嘛"], ["怎么办", "如何处理", "怎么解决"],
    ],
}

LEADS = {
    "en": ["please tell me, ", "hi, ", "Hello, ", "hey, ", "quick question: ", "I want to know: ", "one question: ", "so ", "ok, ",
           "and ", "Excuse me, ", "please, ", "Sorry, ", "I wonder, ", "just curious: ", "tell me ", "um, ", "Also, "],
    "zh": ["请问", "你好，", "请问一下，", "我想问", "想知道", "我想知道，", "那个，", "问一下，", "好的，", "那", "麻烦问下，", "对了，", "嗯，", "另外，", "小助手，", "告诉我"],
}
TAILS = {
    "en": [" please", " thanks", "??", "?!", " here", " in inkstone", " with this", " then", " now", ", please help", " ...", " :)"],
    "zh": ["啊", "呢", "呀", "谢谢", "？？", "，谢谢", "，求助", "，帮帮我", "…", "～", "，急", "哦"],
}


@dataclass(frozen=True)
class Topic:
    """A fact: its answers by language, what they must carry, and the answers to a request for more."""

    name: str
    answer: dict
    must: dict
    more: dict


def language(text):
    """The language in which `text` is to be answered."""
    return "zh" if HAN.search(text) else "en"


def read_topics():
    """All topics by name, in the order of the file."""
    tables = tomllib.loads((HERE / "facts.toml").read_text("utf-8"))
    return {
        name: Topic(
            name,
            {lang: table[lang] for lang in ("en", "zh")},
            {lang: table[f"must_{lang}"] for lang in ("en", "zh")},
            {lang: table[f"more_{lang}"] for lang in ("en", "zh") if f"more_{lang}" in table},
        )
        for name, table in tables.items()
    }


def read_questions(part, topics):
    """The (topic name, question) pairs of questions/`part`: train, dev or test."""
    pairs = []
    for path in sorted((HERE / "questions" / part).glob("*.txt")):
        name = None
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            line = line.strip()
            if line.startswith("[") and line.endswith("]"):
                name = line[1:-1]
                if name not in topics:
                    raise SystemExit(f"{path.name}:{number}: no topic {name!r} in facts.toml")
            elif line:
                if name is None:
                    raise SystemExit(f"{path.name}:{number}: a question before the first [topic]")
                pairs.append((name, line))
    return list(dict.fromkeys(pairs))


def vary(question, rng, strength=1.0):
    """`question` as another person may have typed it: case, politeness, synonyms, a word left out, a slip of the keys.
    `strength` scales how often words change."""
    lang = language(question)
    text = question
    if rng.random() < 0.35 * strength:
        text = replace_synonym(text, lang, rng)
    if rng.random() < 0.25 * strength:
        text = drop_word(text, lang, rng)
    if lang == "en" and rng.random() < 0.12 * strength:
        text = mistype(text, rng)
    if rng.random() < 0.4:
        text = text.rstrip("?.!？。！")
    if rng.random() < 0.2 * strength:
        lead = rng.choice(LEADS[lang])
        text = lead + (text[:1].lower() + text[1:] if lang == "en" and not text[:2].isupper() else text)
    if rng.random() < 0.15 * strength:
        text = text.rstrip("?？") + rng.choice(TAILS[lang])
    if lang == "en":
        draw = rng.random()
        if draw < 0.35:
            text = text.lower()
        elif draw < 0.45:
            text = text[:1].upper() + text[1:]
        elif draw < 0.47:
            text = text.upper()
    return text.strip() or question


def replace_synonym(text, lang, rng):
    rows = list(SYNONYMS[lang])
    rng.shuffle(rows)
    for row in rows:
        for word in rng.sample(row, len(row)):
            pattern = rf"\b{re.escape(word)}\b" if lang == "en" else re.escape(word)
            if re.search(pattern, text, re.I):
                other = rng.choice([w for w in row if w != word])
                return re.sub(pattern, lambda _: other, text, count=1, flags=re.I)
    return text


def drop_word(text, lang, rng):
    """Without one word (English) or one character (Chinese); short questions stay."""
    if lang == "en":
        words = text.split(" ")
        if len(words) > 3:
            del words[rng.randrange(len(words))]
        return " ".join(words)
    if len(text) > 5:
        at = rng.randrange(len(text))
        text = text[:at] + text[at + 1:]
    return text


def mistype(text, rng):
    """Two letters swapped, or one missing or doubled."""
    if len(text) < 6:
        return text
    at = rng.randrange(1, len(text) - 2)
    kind = rng.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2:]
    return text[:at] + text[at + 1:] if kind == 1 else text[:at] + text[at] + text[at:]


class Conversations:
    """Draws conversations: each topic and language equally often, whatever the number of its questions."""

    def __init__(self, topics, pairs, seed, strength):
        self.topics = topics
        self.strength = strength
        self.rng = random.Random(seed)
        self.questions = {}
        for name, question in pairs:
            self.questions.setdefault((name, language(question)), []).append(question)
        self.keys = sorted(self.questions)
        # "Everything else" is the widest topic by far.
        self.weights = [10.0 if name == OUTSIDE else 0.6 if name in SMALL_TALK else 1.0 for name, _ in self.keys]

    def turn(self, lang=None):
        """One (question, answer, topic name) of a language, or of either."""
        while True:
            name, chosen = self.rng.choices(self.keys, self.weights)[0]
            if lang is None or chosen == lang:
                question = vary(self.rng.choice(self.questions[name, chosen]), self.rng, self.strength)
                return question, self.topics[name].answer[chosen], name

    def draw_lone(self):
        """A conversation of one turn."""
        question, answer, name = self.turn()
        return None, [(question, answer)], name

    def draw(self):
        """(system prompt or None, [(question, answer)], topic of the last turn)."""
        rng = self.rng
        system = rng.choice(SYSTEM_PROMPTS) if rng.random() < 0.06 else None
        question, answer, name = self.turn()
        turns = [(question, answer)]
        follow = rng.random()
        if follow < 0.04:
            turns.append(self.follow_more(name, language(question)))
        elif follow < 0.07:
            lang = "en" if language(answer) == "zh" else "zh"
            turns.append((rng.choice(OTHER_LANGUAGE[lang]), self.topics[name].answer[lang]))
        else:
            lang = language(question) if rng.random() < 0.9 else None
            for _ in range(rng.choices([0, 1, 2, 3, 5, 8], [74, 14, 6, 4, 1.5, 0.5])[0]):
                q, a, _ = self.turn(lang)
                turns.insert(0, (q, a))
        return system, turns, name

    def follow_more(self, name, lang):
        """"Tell me more" after `name`; where there is no more, the answer itself again would not help: what else to ask."""
        more = self.topics[name].more.get(lang)
        return self.rng.choice(MORE[lang]), more or self.topics["what_can_you_do"].answer[lang]
