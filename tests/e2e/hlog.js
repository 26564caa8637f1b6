// Reads an HdrHistogram log: node hlog.js MODULES FILE, where MODULES contains hdr-histogram-js.
// Prints a JSON object with each interval and their sum. A value is the lower and the upper limit
// of its bucket, in nanoseconds.
'use strict';
const fs = require('fs');
const [modules, file] = process.argv.slice(2);
const hdr = require(modules + '/hdr-histogram-js');

const COUNT_BITS = 64;
const PERCENTS = [50, 75, 90, 95, 99, 99.9, 99.99];

const bucket = (histogram, value) =>
    [histogram.lowestEquivalentValue(value), histogram.highestEquivalentValue(value)];

function summary(histogram) {
    const all = { count: histogram.totalCount, max: bucket(histogram, histogram.maxValue) };
    for (const percent of PERCENTS)
        all['p' + percent] = bucket(histogram, histogram.getValueAtPercentile(percent));
    return all;
}

const reader = new hdr.HistogramLogReader(fs.readFileSync(file, 'utf8'), COUNT_BITS);
const total = hdr.build({
    bitBucketSize: COUNT_BITS, highestTrackableValue: 3600e9, numberOfSignificantValueDigits: 3,
});
const intervals = [];
for (let interval; (interval = reader.nextIntervalHistogram()) !== null;) {
    intervals.push({
        start_ms: interval.startTimeStampMsec,
        length_ms: interval.endTimeStampMsec - interval.startTimeStampMsec,
        ...summary(interval),
    });
    total.add(interval);
}
console.log(JSON.stringify({ intervals, total: summary(total) }));
