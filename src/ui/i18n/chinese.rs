//! Simplified Chinese.

use super::chinese_library::LIBRARY;
use super::parts::{CheckStrings, FitStrings, GuideStrings, KernelStrings, RenewalStrings};
use super::strings::{ErrorText, Quality, Setting, Size, Strings, Suggestion};
use crate::ui::format;

/// The page in Chinese.
pub const STRINGS: Strings = Strings {
    page_title: "砚 Inkstone：在自己的设备上运行书生·浦语 2.5",
    brand: "Inkstone",
    other_language: "EN",
    switch_language: "Switch to English",
    theme_system: "外观：跟随系统",
    theme_light: "外观：浅色",
    theme_dark: "外观：深色",
    new_chat: "新对话",
    settings: "设置",
    models: "模型",
    back_to_chat: "返回对话",
    close: "关闭",
    renewal: RenewalStrings {
        ready: "本页面有新版本可用。",
        waiting: "正在进行的任务（包括其他标签页中的）完成后，将自动打开新版本。",
        reload: "立即重新加载",
        reload_later: "完成后重新加载",
        later: "稍后",
    },

    state_starting: "正在启动",
    state_unsupported: "未运行",
    state_idle: "未加载模型",
    state_loading: "正在加载",
    state_ready: "就绪",
    state_generating: "正在回答",
    state_failed: "需要处理",

    hero_title: "书生·浦语 2.5，就在你的设备上",
    hero_lead: "大语言模型直接在这个网页里、用你的显卡运行。无需账号，没有服务器，不用安装。",
    fact_private: Setting { label: "私密", hint: "你输入的内容不会离开这台设备。" },
    fact_kept: Setting { label: "归你所有", hint: "下载一次，就存在这个浏览器里。" },
    fact_gpu: Setting { label: "本机显卡", hint: "通过 WebGPU 在此标签页内完成计算。" },

    stored_heading: "已在本机",
    catalogue_heading: "下载模型",
    catalogue_lead: "上海人工智能实验室发布的官方文件。不确定选哪个？先从第一个开始。",
    file_heading: "使用已有文件",
    file_lead: "把任何 InternLM2 或 InternLM2.5 的 GGUF 文件拖到页面任意位置即可。",
    file_choose: "选择 .gguf 文件",
    file_drop: "松开鼠标，将文件加入浏览器",
    mirror: "下载源",
    recommended: "推荐",
    more_files: |count| format!("全部 {count} 种大小"),
    licence: |name| format!("许可证 {name}"),
    gpu_memory: |size| format!("约需 {size} 显存"),
    good_for: |size| match size {
        Size::Small => "速度快，几乎任何电脑都能运行。适合问答、草稿和翻译。",
        Size::Medium => "质量与速度兼顾。适合推理、编程和较长的文本。",
        Size::MediumLong => "在 7B 基础上继续训练，专为超长文档。",
        Size::Large => "系列中能力最强。适合配备大显存显卡的工作站。",
    },
    quality: |quality| match quality {
        Quality::Poor => "最小，质量明显下降",
        Quality::Fair => "较小，略有损失",
        Quality::Good => "均衡之选",
        Quality::Better => "接近原版",
        Quality::NearlyLossless => "几乎无损",
        Quality::Original => "原始精度",
    },
    download: |size| format!("下载 · {size}"),
    download_short: "下载",
    stored_already: "已在本机",
    load: "加载",
    continue_with: |name| format!("继续使用 {name}"),
    continue_after_crash: "上次加载这个模型时没有完成。如果再次发生，请缩短上下文，或换用更小的文件。",
    loaded: "已加载",
    unload: "卸载",
    delete: "删除",
    storage_used: |used, quota| format!("浏览器存储已用 {used}，共 {quota}"),
    layers: |n| format!("{n} 层"),
    width: |n| format!("宽 {n}"),
    weights: |n| match n {
        0..10_000 => format!("{} 参数", format::count(n)),
        10_000..100_000_000 => format!("{} 万参数", format::count(n / 10_000)),
        _ => format!("{} 亿参数", format::significant(n as f64 / 1e8)),
    },
    trained_context: |n| format!("上下文 {n} token"),

    library: LIBRARY,

    downloading: |name| format!("正在下载 {name}"),
    importing: |name| format!("正在添加 {name}"),
    loading: |name| format!("正在加载 {name}"),
    stage_waiting: "等待数据…",
    stage_upload: "载入显存",
    stage_prepare: "正在准备分词器和计算内核…",
    of: |done, total| format!("{done} / {total}"),
    per_second: |amount| format!("{amount}/秒"),
    left: |time| format!("剩余 {time}"),
    cancel: "取消",
    engine_starting: "正在启动引擎…",
    duration: |seconds| {
        let seconds = seconds.round() as u64;
        match seconds {
            0..60 => format!("{seconds} 秒"),
            60..3600 => format!("{} 分 {} 秒", seconds / 60, seconds % 60),
            _ => format!("{} 小时 {} 分", seconds / 3600, seconds % 3600 / 60),
        }
    },

    transcript: "对话",
    empty_heading: "想写点什么？",
    empty_lead: |model, adapter| format!("{model} 正运行于 {adapter}，内容不会离开这台设备。"),
    empty_lead_base: |model| format!("{model} 是基座模型：它会续写你的文字，而不是回答问题。"),
    suggestions: [
        Suggestion {
            title: "通俗地解释一个概念", prompt: "用十岁孩子能听懂的话解释：为什么天空是蓝色的？"
        },
        Suggestion {
            title: "润色一条消息", prompt: "把这句话改得礼貌而简短：“报告今天必须给我，你又晚了。”"
        },
        Suggestion {
            title: "写一段代码", prompt: "用 Python 写一个函数，找出字符串中最长的回文子串，并解释思路。"
        },
        Suggestion {
            title: "译成英文", prompt: "把这句话译成英文，并说明出处：“千里之行，始于足下。”"
        },
    ],
    composer: "给书生·浦语发消息",
    composer_base: "输入要续写的文字",
    composer_note: "回答由本机生成，可能有误，重要信息请核实。",
    composer_needs_model: "尚未加载模型。",
    choose_model: "选择模型",
    send: "发送",
    stop: "停止",
    you: "你",
    model: "书生·浦语",
    jump: "跳到最新",
    copy: "复制",
    copied: "已复制",
    regenerate: "重新回答",
    waiting: "模型就绪后马上回答…",
    reading: "正在阅读…",
    reading_count: |done, total| format!("正在阅读 {done} / {total}"),
    speed: |rate| format!("{rate} token/秒"),
    first_token: |time| format!("首个 token {time}"),
    context_use: |used, total| format!("{used} / {total} token"),
    context_use_hint: "已用的上下文 token / 上下文总长",
    ended_stopped: "已停止。",
    ended_length: "已达到设置中的最大长度。",
    ended_context: "上下文已满。请开始新对话，或用更长的上下文重新加载模型。",
    ended_interrupted: "页面关闭时中断。",
    context_nearly_full: |share| format!("上下文已用 {share}。开始新对话会更快，空间也更充裕。"),
    announce_start: "书生·浦语正在回答。",
    announce_end: |answer| format!("书生·浦语的回答：{answer}"),
    announce_loaded: |name| format!("{name} 已就绪。"),

    system_prompt: Setting {
        label: "系统提示词", hint: "放在每次对话之前的说明。留空则不发送。"
    },
    system_prompt_preset: "使用书生·浦语默认",
    system_prompt_clear: "清空",
    sampling: "回答",
    temperature: Setting {
        label: "温度", hint: "越高越多样，越低越稳定；0 表示总取最可能的词。"
    },
    top_p: Setting { label: "Top-p", hint: "按概率从高到低保留，累计达到此值为止。" },
    top_k: Setting { label: "Top-k", hint: "只保留最可能的若干个 token；0 表示不限。" },
    min_p: Setting { label: "Min-p", hint: "舍去概率低于最高者此比例的 token；0 表示不舍。" },
    repetition: Setting { label: "重复惩罚", hint: "大于 1 时，出现过的词更不容易再次出现。" },
    max_tokens: Setting {
        label: "最大长度", hint: "以 token 计；一个 token 约为一个词或一个汉字。"
    },
    max_tokens_none: "不限",
    seed: Setting { label: "随机种子", hint: "种子、设置和文字都相同，回答也相同。" },
    seed_none: "随机",
    memory: "显存",
    memory_lead: "以下设置在重新加载模型后生效。",
    context_length: Setting {
        label: "上下文长度", hint: "模型一次能看到的 token 数。越长占用显存越多。"
    },
    context_length_none: "4096",
    kv_type: Setting { label: "缓存精度", hint: "对话在显卡上的存放精度。精度越低越省显存。" },
    kv_types: ["32 位，精确", "16 位，常用", "8 位，省一半", "4 位，省四分之三"],
    reload_model: "按此重新加载",
    reset: "全部恢复默认",
    diagnostics: "复制诊断信息",

    guide: GuideStrings {
        name: "向导",
        built_in: "内置",
        built_in_hint: "随网页附带的小助手，只了解 Inkstone",
        introduction: "我是向导，一个内置的小助手，不是书生·浦语 2.5。可以问我有关 Inkstone 的问题，也可以直接选择模型。",
        questions: ["我的数据会上传吗？", "我该选哪个模型？", "Inkstone 是什么？", "可以离线使用吗？"],
        composer: "问问向导有关 Inkstone 的事",
        note: "向导只了解 Inkstone，回答也可能有误。",
        choose: "向导只了解 Inkstone，其他问题请交给书生·浦语 2.5。",
        loading: "正在唤醒向导…",
        ask: "问问向导",
        settings: "当前由向导回答，它不受这些设置影响。以下设置用于你加载的模型。",
        announce_start: "向导正在回答。",
        announce_end: |answer| format!("向导的回答：{answer}"),
    },
    fit: FitStrings {
        measuring: "正在测量这块显卡能运行哪些模型…",
        measured: |adapter| format!("以下为在 {adapter} 上的估计。"),
        failed: "未能测量这块显卡。",
        again: "重新测量",
        bench: "测速",
        fits: |context, rate| format!("最长 {context} token · 约 {rate} token/秒"),
        too_large: |needed, free| format!("需要 {needed} 显存，可用 {free}"),
        best: "适合这块显卡",
        software_title: "此浏览器只提供软件模拟的显卡",
        software_speed: |model, rate| {
            format!("在它上面运行书生·浦语 2.5 会非常慢：{model} 每秒约生成 {rate} 个 token。")
        },
        software_advice: "如果这台电脑有显卡，请在浏览器设置中开启硬件加速、更新显卡驱动，或换用其他浏览器，然后重新测量。",
    },
    check: CheckStrings {
        start: "检测显卡",
        underway: "正在检查显卡…",
        passed: |count, adapter, time| format!("{adapter} 通过了全部 {count} 项检查，用时 {time}。"),
        failed: |wrong, all| format!("{all} 项检查中有 {wrong} 项未通过"),
        found: |expected, found| format!("应为 {expected}，实为 {found}"),
        found_nothing: |expected| format!("应为 {expected}，没有得到数值"),
        answer: "向导的已知回答",
        advice: "请更新显卡驱动和浏览器后重新检测。若仍不通过，请换用其他浏览器或显卡。",
        replaced: "在这块显卡上，有一种计算方式结果有误，已改用另一种。回答不受影响，但可能较慢；更新显卡驱动或许有帮助。",
    },
    kernels: KernelStrings {
        title: "计算内核",
        lead: "“自动”会在首次加载模型时用一秒左右测速，并记住最快的内核。仅在需要比较或绕过驱动故障时才手动选择；重新加载模型后生效。",
        automatic: "自动（最快）",
        decode: Setting { label: "生成", hint: "逐个 token 计算回答。" },
        prompt: Setting { label: "阅读输入", hint: "一次处理输入中的多个 token。" },
        in_use: |names| format!("正在使用：{names}"),
        comparing: "正在比较内核速度…",
    },

    details: "详细信息",
    copy_details: "复制详细信息",
    try_again: "重试",
    load_again: "重新加载",
    dismiss: "知道了",
    reload_page: "刷新页面",
    no_webgpu: ErrorText {
        title: "此浏览器无法运行模型",
        advice: "Inkstone 通过 WebGPU 使用你的显卡计算，而当前浏览器不支持 WebGPU。请用以下任一浏览器的最新版打开本页：",
    },
    no_webgpu_browsers: [
        "Chrome 或 Edge：Windows、macOS、ChromeOS 需 113 及以上，Android 需 121 及以上",
        "Safari 26：macOS、iPhone 和 iPad",
        "Firefox：Windows 需 141 及以上，Apple 芯片的 Mac 需 145 及以上",
        "Linux：较新的 Chrome；若仍不可用，请打开 chrome://flags/#enable-unsafe-webgpu",
    ],
    insecure: ErrorText {
        title: "本页需要安全的网址",
        advice: "浏览器只对 https:// 或 localhost 的页面开放 WebGPU 和存储。请在网址前加上 https:// 重新打开。",
    },
    worker_failed: ErrorText {
        title: "引擎未能启动",
        advice: "页面的一部分没有加载成功，或被拦截。请检查网络，关闭拦截脚本的扩展，然后刷新页面。",
    },
    worker_died: ErrorText {
        title: "引擎已停止",
        advice: "运行模型的部分出了问题，对话仍在。请刷新页面；如果再次发生，请缩短上下文，或换用更小的文件。",
    },
    worker_slow: ErrorText {
        title: "引擎启动时间过长",
        advice: "网络可能较慢，或页面的某个文件没有送达。如果可以，它会自行继续；否则请刷新页面。",
    },
    version_mismatch: ErrorText {
        title: "页面已更新",
        advice: "其中一部分仍是旧版本。请刷新页面；如果不行，请先关闭本站的其他标签页。",
    },
};
