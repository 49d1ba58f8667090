//! What happened and what to do, in Chinese; one text for each kind of error.

use super::strings::ErrorText;
use crate::error::ErrorKind;

const fn say(title: &'static str, advice: &'static str) -> ErrorText {
    ErrorText { title, advice }
}

/// The text of a kind.
pub const fn text(kind: ErrorKind) -> ErrorText {
    use ErrorKind as K;
    match kind {
        K::NotGguf => say(
            "这不是 GGUF 文件",
            "Inkstone 读取 GGUF 格式的模型，文件名以 .gguf 结尾。误把网页存成文件也会这样，请重新下载。",
        ),
        K::GgufVersion => say("无法读取此版本的 GGUF", "支持小端序的第 2、3 版。请换用同一模型的较新文件。"),
        K::GgufTruncated => say("文件不完整", "文件比它的文件头所说的短，多半是下载中断所致。请重新完整下载。"),
        K::GgufMalformed => say("文件已损坏", "内容不符合 GGUF 格式。请重新下载，或换一个文件。"),
        K::UnsupportedArchitecture => {
            say("这是其他系列的模型", "Inkstone 只运行 InternLM2 和 InternLM2.5。请从列表中选择，或换一个文件。")
        }
        K::UnsupportedModel => {
            say("无法运行此模型变体", "它的张量存储方式在这里没有对应的计算内核。请换用常见的量化，如 Q4_K_M 或 Q8_0。")
        }
        K::ModelInvalid => say("文件中的模型不完整", "InternLM2 所需的部分缺失或互相矛盾。请使用官方文件。"),
        K::VocabularyInvalid => {
            say("文件中的词表不可用", "词表缺失或与模型不符。请使用官方文件，或 2024 年 7 月之后转换的文件。")
        }
        K::NotFinite => say(
            "计算结果超出数值范围",
            "文件可能已损坏，或显卡驱动计算有误。请删除模型后重新获取；若仍出现，请更新驱动。",
        ),
        K::NoWebGpu => say("缺少 WebGPU", "请在受支持的系统上，用最新版 Chrome、Edge、Safari 或 Firefox 打开本页。"),
        K::NoAdapter => say("没有找到可用的显卡", "请在浏览器设置中开启硬件加速，更新显卡驱动，然后重启浏览器。"),
        K::GpuLimits => say("模型超出这块显卡的能力", "请在设置中缩短上下文，或换用更小的文件或模型。"),
        K::GpuOutOfMemory => {
            say("显存不足", "请关闭其他占用显卡的标签页和程序；或缩短上下文、降低缓存精度、换用更小的文件。")
        }
        K::GpuLost => say("与显卡的连接中断", "休眠、驱动更新或显存紧张时会这样。请重新加载模型，对话仍在。"),
        K::SelfTestFailed => say(
            "这块显卡的计算结果有误",
            "这样得到的回答毫无意义。请更新显卡驱动和浏览器后重试，或换用其他浏览器或显卡。",
        ),
        K::Gpu => say("显卡报告了错误", "请重新加载模型。若仍出现，请更新显卡驱动并重启浏览器。"),
        K::StorageUnavailable => {
            say("浏览器不允许本页存储文件", "无痕窗口或禁用网站数据时会这样。请在普通窗口中打开，并允许存储数据。")
        }
        K::StorageFull => say(
            "存储空间不足",
            "请删除不再需要的模型、清理磁盘，或选择较小的文件，然后重试。已下载的部分会保留，原有内容不受影响。无痕窗口空间很小，请使用普通窗口。",
        ),
        K::Storage => say("浏览器存储出错", "请重试。若仍出现，请重启浏览器并检查磁盘。"),
        K::NotFound => {
            say("模型已不存在", "可能已在另一个标签页中删除，或磁盘上的文件已被移动。请另选一个，或重新添加。")
        }
        K::Busy => say("正被占用", "另一个标签页或任务正在使用引擎或此文件。请等它完成或将其关闭，然后重试。"),
        K::OtherTab => say(
            "另一个标签页正在工作",
            "Inkstone 的所有标签页合起来一次只运行一个模型、一个下载。请在那个标签页继续，或在此接管。",
        ),
        K::HttpStatus => say("服务器拒绝提供文件", "文件可能已移动，或服务器繁忙。请稍后重试，或换一个下载源。"),
        K::HttpContent => say("服务器返回的不是模型", "多半是网络的登录页面。请先打开其他网站完成登录，然后重试。"),
        K::HashMismatch => say(
            "这不是官方发布的文件",
            "收到的内容与发布的不同，重新下载可疑部分后仍不一致。请换一个下载源，或删除已下载的部分后重新开始。",
        ),
        K::Network => say("网络出错", "请检查连接后重试，或换一个下载源；已下载的部分会保留。"),
        K::UrlNotAllowed => say("不接受来自此地址的文件", "请使用列表，或自行下载文件后从磁盘添加。"),
        K::ContextFull => say("对话已超出上下文", "请开始新对话、缩短文字，或用更长的上下文重新加载模型。"),
        K::NotLoaded => say("尚未加载模型", "请先选择一个模型。"),
        K::Cancelled => say("已取消", "没有任何改动。"),
        K::BadRequest => say("请求无效", "某项设置超出范围。请恢复默认设置后重试。"),
        K::Internal => say("Inkstone 出了问题", "这是程序错误。请刷新页面；反馈时请附上详细信息。"),
    }
}
