import { bilingual } from "../bilingual";

export const imports = bilingual(
  {
    choose: "选择表格文件（CSV、XLSX、XLS）",
    would: "检查完成：{done} 行可以执行，{failed} 行有误",
    did: "已完成：{done} 行成功，{failed} 行未执行",
    hidden: "另有 {n} 行被筛选隐藏，未计入",
    row: "第 {n} 行",
    go: "确认执行 {n} 行",
  },
  {
    choose: "Choose a sheet (CSV, XLSX, XLS)",
    would: "Checked: {done} rows are fine, {failed} have mistakes",
    did: "Done: {done} rows, {failed} were not",
    hidden: "{n} rows are hidden by a filter and left out",
    row: "Row {n}",
    go: "Do {n} rows",
  },
);
