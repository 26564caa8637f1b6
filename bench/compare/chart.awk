# Draws a chart of horizontal bars as SVG, from lines of tab-separated fields:
#
#   group  label  value  [min  max]
#
# Groups are drawn in the order of the input, each with its own scale; min and max are a thin line
# at the end of the bar. Bars whose label begins with "firstbyte" are highlighted. The colours
# follow the reader's light or dark scheme.
BEGIN {
    FS = "\t"
    WIDTH = 760
    LABEL = 240 # start of the bars
    BAR = 430   # maximum length
    ROW = 24
    HEADING = 34
    TOP = 52
}

{
    if ($1 != last) {
        order[++groups] = last = $1
        first[groups] = NR
    }
    count[groups]++
    label[NR] = $2
    value[NR] = $3
    low[NR] = NF >= 5 ? $4 : $3
    high[NR] = NF >= 5 ? $5 : $3
    if (high[NR] > max[groups])
        max[groups] = high[NR]
}

function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

# three digits, or all digits before the point
function figure(number) {
    return sprintf(number >= 100 ? "%.0f" : number >= 10 ? "%.1f" : number >= 1 ? "%.2f" : "%.3f", number)
}

function head(height) {
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" " \
        "font-family=\"system-ui, sans-serif\" font-size=\"13\">\n", WIDTH, height, WIDTH, height
    print "<style>"
    print ".page { fill: #ffffff } text { fill: #1f2328 } .other { fill: #afb8c1 } .ours { fill: #2f81d7 }"
    print ".range { stroke: #57606a; stroke-width: 1.5 }"
    print "@media (prefers-color-scheme: dark) {"
    print "  .page { fill: #0d1117 } text { fill: #e6edf3 } .other { fill: #57606a } .ours { fill: #388bfd }"
    print "  .range { stroke: #b1bac4 } }"
    print "</style>"
    printf "<title>%s</title>\n<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", escaped(title), WIDTH, height
    printf "<text x=\"16\" y=\"28\" font-size=\"16\" font-weight=\"600\">%s</text>\n", escaped(title)
}

function row(i, y, scale,    length_) {
    length_ = value[i] * scale
    printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", LABEL - 8, y + 16, escaped(label[i])
    printf "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>\n",
        label[i] ~ /^firstbyte/ ? "ours" : "other", LABEL, y + 3, length_ < 1 ? 1 : length_, ROW - 6
    if (high[i] > low[i])
        printf "<line class=\"range\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n",
            LABEL + low[i] * scale, LABEL + high[i] * scale, y + ROW / 2, y + ROW / 2
    printf "<text x=\"%.1f\" y=\"%d\">%s</text>\n", LABEL + high[i] * scale + 8, y + 16, figure(value[i])
}

END {
    head(TOP + groups * HEADING + NR * ROW + 8)
    y = TOP
    for (g = 1; g <= groups; g++) {
        printf "<text x=\"16\" y=\"%d\" font-weight=\"600\">%s</text>\n", y + 18, escaped(order[g])
        y += HEADING - 8
        for (i = first[g]; i < first[g] + count[g]; i++) {
            row(i, y, max[g] > 0 ? BAR / max[g] : 0)
            y += ROW
        }
        y += 8
    }
    print "</svg>"
}
