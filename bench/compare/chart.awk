# A chart of horizontal bars as SVG, from lines of fields separated by tabs:
#
#   group  label  value  [least  greatest]
#
# Groups stand below each other in the order in which they come, each with a scale of its own; least and
# greatest become a thin line across the bar's end. Bars whose label begins with "firstbyte" stand out.
# The colours follow the reader's, light or dark.
BEGIN {
    FS = "\t"
    WIDTH = 760
    LABEL = 240 # where bars begin
    BAR = 430   # the longest
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
    least[NR] = NF >= 5 ? $4 : $3
    greatest[NR] = NF >= 5 ? $5 : $3
    if (greatest[NR] > most[groups])
        most[groups] = greatest[NR]
}

function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

# three digits, more where there are more before the point
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
    if (greatest[i] > least[i])
        printf "<line class=\"range\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>\n",
            LABEL + least[i] * scale, LABEL + greatest[i] * scale, y + ROW / 2, y + ROW / 2
    printf "<text x=\"%.1f\" y=\"%d\">%s</text>\n", LABEL + greatest[i] * scale + 8, y + 16, figure(value[i])
}

END {
    head(TOP + groups * HEADING + NR * ROW + 8)
    y = TOP
    for (g = 1; g <= groups; g++) {
        printf "<text x=\"16\" y=\"%d\" font-weight=\"600\">%s</text>\n", y + 18, escaped(order[g])
        y += HEADING - 8
        for (i = first[g]; i < first[g] + count[g]; i++) {
            row(i, y, most[g] > 0 ? BAR / most[g] : 0)
            y += ROW
        }
        y += 8
    }
    print "</svg>"
}
