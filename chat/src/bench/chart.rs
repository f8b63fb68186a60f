//! A small picture of a report: how long messages took until the last client had them.

use std::fmt::Write;

use super::plan::Plan;
use super::report::Report;

/// Which of all messages a bar is for, in per mille, and its name.
const BARS: [(u64, &str); 7] = [
    (500, "half of them"),
    (750, "75 %"),
    (900, "90 %"),
    (950, "95 %"),
    (990, "99 %"),
    (999, "99.9 %"),
    (1000, "all"),
];

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#2b2a27}.t{font-weight:600}\
    .n{text-anchor:end}.b{fill:#1f5c4d}@media(prefers-color-scheme:dark){text{fill:#e8e4da}\
    .b{fill:#6fb7a2}}";

/// Pixels of the longest bar, and between one line and the next.
const LONGEST: f64 = 400.0;
const LINE: usize = 24;

/// The picture, as SVG. The figures in it are numbers and words of ours: nothing is to be escaped.
pub(super) fn chart(report: &Report, plan: &Plan) -> String {
    let text = report.text(plan);
    let mut lines = text.lines();
    let title = lines.next().unwrap_or_default();
    let height = LINE * (BARS.len() + lines.clone().count() + 4);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 {height}\" width=\"640\" \
         height=\"{height}\" role=\"img\">\n<style>{STYLE}</style>\n<title>chat bench</title>\n"
    );
    let mut y = LINE;
    let text = |svg: &mut String, x: usize, y: usize, class: &str, text: &str| {
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{text}</text>");
    };
    text(&mut svg, 16, y, "t", title);
    for line in lines {
        y += LINE;
        let (what, value) = line.split_at_checked(24).unwrap_or((line, ""));
        text(&mut svg, 16, y, "", what.trim());
        text(&mut svg, 176, y, "", value.trim());
    }
    y += 2 * LINE;
    text(&mut svg, 16, y, "t", "From the write of a message until the last client had it");
    let longest = report.times.longest().as_secs_f64();
    for (per_mille, name) in BARS {
        y += LINE;
        let time = report.times.per_mille(per_mille).unwrap_or_default().as_secs_f64();
        let width = if longest > 0.0 { LONGEST * time / longest } else { 0.0 };
        text(&mut svg, 104, y, "n", name);
        let _ = writeln!(
            svg,
            "<rect x=\"116\" y=\"{}\" width=\"{width:.1}\" height=\"16\" rx=\"2\" class=\"b\"/>",
            y - 13
        );
        let at = 124 + width as usize;
        text(&mut svg, at, y, "", &format!("{:.2} ms", time * 1e3));
    }
    svg + "</svg>\n"
}
