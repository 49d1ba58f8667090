// Every text of the measuring page, in English and in Chinese, side by side: neither can be forgotten. Where something is
// inserted, the text is a function, since word order differs.
//
// Also numbers as people read them, the same in both languages and as on the page itself (src/ui/format.rs).

const TEXTS = {
  title: ['Measure speed', '测速'],
  lead: [
    'How fast a model is on this device: how much it reads and writes in a second, and what its kernels take.',
    '测量模型在这台设备上有多快：每秒读写多少 token，各个计算内核用时多少。',
  ],
  back: ['Inkstone', 'Inkstone'],

  model: ['Model', '模型'],
  guide: ['Built-in guide', '内置向导'],
  prompt: ['Prompt, in tokens', '输入长度（token）'],
  generate: ['Tokens to decode', '生成数量（token）'],
  depth: ['Conversation before, in tokens', '已有对话（token）'],
  repeats: ['Repeats', '重复次数'],
  kernels: ['Each kernel by itself, too', '同时逐个测量计算内核'],
  hint: [
    'Figures are medians of the repeats, after a warm-up that does not count. Decoding is measured a second time behind a conversation of the given length; 0 leaves that out.',
    '结果取多次重复的中位数，预热不计入。填写已有对话的长度后，会在其后再测一次生成速度；0 表示不测。',
  ],
  other_tab: [
    'While another tab or program uses the GPU, figures are lower. Close other tabs of Inkstone that have a model loaded.',
    '如果其他标签页或程序正在使用显卡，结果会偏低。请先关闭已加载模型的其他 Inkstone 标签页。',
  ],
  run: ['Run', '开始'],
  stop: ['Stop', '停止'],

  starting: ['Starting the engine…', '正在启动引擎…'],
  upload: ['To the GPU…', '正在载入显存…'],
  prepare: ['Preparing tokenizer and kernels…', '正在准备分词器和计算内核…'],
  self_test: ['Checking this GPU…', '正在检查显卡…'],
  choice: ['Comparing kernels…', '正在比较内核速度…'],
  measuring: ['Measuring…', '正在测量…'],
  stopping: ['Stopping…', '正在停止…'],
  stopped: ['Stopped.', '已停止。'],
  done: ['Measured.', '测量完成。'],
  of: [(done, total) => `${done} of ${total}`, (done, total) => `${done} / ${total}`],

  failed: ['This could not be measured', '无法测量'],
  not_whole: [
    (field, most) => `${field}: a whole number from 0 to ${most} is expected`,
    (field, most) => `${field}：应为 0 到 ${most} 的整数`,
  ],
  version: [
    (worker, page) => `this page has been updated, and half of it is still the earlier version (${worker}, not ${page}): reload it`,
    (worker, page) => `页面已更新，其中一部分仍是旧版本（${worker}，应为 ${page}）。请刷新页面`,
  ],

  result: ['Result', '结果'],
  copy_markdown: ['Copy as Markdown', '复制为 Markdown'],
  copy_json: ['Copy as JSON', '复制为 JSON'],
  copied: ['Copied.', '已复制。'],
  by_hand: [
    'The browser does not allow copying. The text is selected below: copy it with Ctrl+C or ⌘C.',
    '浏览器不允许写入剪贴板。文本已在下方选中，请按 Ctrl+C 或 ⌘C 复制。',
  ],

  heading: [(name) => `Inkstone: the speed of ${name}`, (name) => `Inkstone：${name} 的速度`],
  gpu: ['GPU', '显卡'],
  context: ['Context', '上下文'],
  context_of: [(tokens, type) => `${tokens} tokens, ${type}`, (tokens, type) => `${tokens} token，${type}`],
  in_use: ['Kernels', '计算内核'],
  plan: ['Measured', '测量方式'],
  plan_of: [(repeats) => `${repeats} times, after a warm-up`, (repeats) => `重复 ${repeats} 次，预热不计入`],
  browser: ['Browser', '浏览器'],
  date: ['Date', '日期'],

  figures: ['Figures', '数值'],
  figure: ['Figure', '项目'],
  median: ['Median', '中位数'],
  spread: ['Least – most', '最小 – 最大'],
  prefill: [(tokens) => `Reading a prompt of ${tokens} tokens`, (tokens) => `读取 ${tokens} token 的输入`],
  prefill_arithmetic: ['its arithmetic', '其中的运算'],
  decode: [(tokens) => `Decoding ${tokens} tokens behind it`, (tokens) => `随后生成 ${tokens} token`],
  decode_bytes: [(bytes) => `its weights, ${bytes} a token`, (bytes) => `读取权重，每 token ${bytes}`],
  decode_deep: [(tokens) => `Decoding behind ${tokens} tokens`, (tokens) => `在 ${tokens} token 之后生成`],
  first_token: ['To the first token', '首个 token 用时'],
  cold: ['the first time', '第一次'],
  cpu: ['CPU work for a token', '每 token 的 CPU 用时'],
  launches: ['Kernel launches for a token', '每 token 的内核启动次数'],
  submissions: ['Submissions for a token', '每 token 的提交次数'],
  read_back: ['Read back for a token', '每 token 的回读数据'],
  gpu_peak: ['GPU memory at most', '显存峰值'],
  heap: ['Memory of the engine', '引擎内存'],
  load: ['Loading', '加载'],
  tokenizer: ['of which the tokenizer', '其中：分词器'],
  comparing: ['of which comparing kernels', '其中：比较内核速度'],

  decode_kernels: [(ms) => `One decoded token: ${ms}`, (ms) => `生成一个 token：${ms}`],
  prefill_kernels: [
    (tokens, ms) => `A prompt of ${tokens} tokens: ${ms}`,
    (tokens, ms) => `读取 ${tokens} token 的输入：${ms}`,
  ],
  part: ['Part', '部分'],
  kernel: ['Kernel', '内核'],
  launched: ['Launches', '启动'],
  time: ['Time', '用时'],
  share: ['Share', '占比'],
  rate: ['Rate', '速率'],
  of_ceiling: ['Of the ceiling', '占上限'],
  of_best: ['Of the fastest', '与最快之比'],
  ceilings: [
    (reads, computes) => `Ceilings of this GPU: it reads ${reads} and computes ${computes} at most.`,
    (reads, computes) => `这块显卡的上限：读取 ${reads}，运算 ${computes}。`,
  ],
};

/** The place of a language in each pair; boot.js has set the attribute. */
const LANGUAGE = document.documentElement.lang === 'zh-CN' ? 1 : 0;

/** The text of this name in the page's language, with what is to be inserted. */
export function say(name, ...inserted) {
  const text = TEXTS[name][LANGUAGE];
  return typeof text === 'function' ? text(...inserted) : text;
}

/** Three digits at most: "1.17", "15.5", "772", "12,345". */
export function significant(amount) {
  if (amount < 9.995) return amount.toFixed(2);
  if (amount < 99.95) return amount.toFixed(1);
  return count(Math.round(amount));
}

/** A count with its thousands apart: "32,768". */
export function count(number) {
  return number.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

/** Decimal bytes: "772 MB", "4.71 GB". */
export function bytes(amount) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let at = 0;
  while (at < units.length - 1 && amount >= 999.5) {
    amount /= 1000;
    at += 1;
  }
  return `${at === 0 ? count(amount) : significant(amount)} ${units[at]}`;
}

/** A time: "0.42 ms", "3.20 s". */
export function time(milliseconds) {
  return milliseconds < 1000 ? `${significant(milliseconds)} ms` : `${significant(milliseconds / 1000)} s`;
}

/** A share of one: "12.3 %". */
export function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
