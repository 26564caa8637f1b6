// Reads an HdrHistogram log: node hlog.js MODULES FILE, where MODULES has hdr-histogram-js. One object of
// JSON: each interval, and all of them added up. A value is the least and the greatest of those that are
// counted in the same place, in nanoseconds.
'use strict';
const fs = require('fs');
const [modules, file] = process.argv.slice(2);
const hdr = require(modules + '/hdr-histogram-js');

const BITS = 64; // of a count
const PERCENTS = [50, 75, 90, 95, 99, 99.9, 99.99];

const place = (histogram, value) => [histogram.lowestEquivalentValue(value), histogram.highestEquivalentValue(value)];

function summary(histogram) {
    const all = { count: histogram.totalCount, max: place(histogram, histogram.maxValue) };
    for (const percent of PERCENTS)
        all['p' + percent] = place(histogram, histogram.getValueAtPercentile(percent));
    return all;
}

const reader = new hdr.HistogramLogReader(fs.readFileSync(file, 'utf8'), BITS);
const total = hdr.build({ bitBucketSize: BITS, highestTrackableValue: 3600e9, numberOfSignificantValueDigits: 3 });
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
