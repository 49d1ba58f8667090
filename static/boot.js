// Before the first paint of index.html and of bench.html: the theme and the language chosen on an earlier visit (see
// src/ui/preferences.rs).
(function () {
  "use strict";
  var root = document.documentElement;
  function recall(name) {
    try {
      return JSON.parse(localStorage.getItem("inkstone." + name));
    } catch (error) {
      return null;
    }
  }
  var theme = recall("theme");
  root.dataset.theme = theme === "light" || theme === "dark" ? theme : "system";
  var language = recall("language");
  if (language !== "zh" && language !== "en") {
    var spoken = (navigator.languages || [navigator.language || "en"]).map(function (tag) {
      return tag.toLowerCase().split("-")[0];
    });
    language = spoken.find(function (tag) { return tag === "zh" || tag === "en"; }) || "en";
  }
  root.lang = language === "zh" ? "zh-CN" : "en";
  // Should the page itself fail to start, the text that stands in for it says so at once (static/css/frame.css).
  function fail() {
    root.dataset.boot = "failed";
  }
  addEventListener("error", fail);
  addEventListener("unhandledrejection", fail);
})();
