// The dashboard of a region: the share of asks that became a live picture, why not, how long it took, and what is wrong.
'use strict';

const { WATCHED } = require('./alarms.cjs');

const ASSISTANTS = ['alexa', 'google'];
const PERIOD = 300;
const title = (name) => name[0].toUpperCase() + name.slice(1);

// A diagram; `metrics` as CloudWatch's dashboards have them: [namespace, name, dimension, value, options].
const widget = (heading, metrics, stat = 'Sum', more = {}) => ({
  type: 'metric',
  properties: { title: heading, region: '${AWS::Region}', view: 'timeSeries', period: PERIOD, stat, metrics, ...more },
});
const percent = { yAxis: { left: { min: 0, max: 100, label: '%', showUnits: false } } };
const from0 = { yAxis: { left: { min: 0 } } };

// The namespace of the metrics by assistant is the table's name.
function ofAssistants(table, assistants) {
  const by = (name, assistant, more = {}) => [table, name, 'assistant', assistant, { label: assistant, ...more }];
  const each = (name) => assistants.map((assistant) => by(name, assistant));
  const spread = (name) => ['p50', 'p95'].flatMap((stat) => assistants.map((assistant) => by(name, assistant, { stat, label: `${assistant} ${stat}` })));
  const share = (assistant) => [
    by('Asks', assistant, { id: `${assistant}_asks`, visible: false }),
    by('Pictures', assistant, { id: `${assistant}_pictures`, visible: false }),
    [{ expression: `100 * FILL(${assistant}_pictures, 0) / ${assistant}_asks`, label: assistant, id: `${assistant}_share` }],
  ];
  const whyNot = (assistant) => widget(`Why not: ${assistant}`, [
    [{ expression: `SEARCH('{"${table}",assistant,reason} MetricName="NotShown" assistant="${assistant}"', 'Sum', ${PERIOD})`, id: 'reasons', label: '' }],
  ], 'Sum', { stacked: true, ...from0 });
  return {
    asks: [
      widget('Asks that became a live picture', assistants.flatMap(share), 'Sum', percent),
      widget('Asks', each('Asks'), 'Sum', from0),
      widget('Cards with the reason', each('Cards'), 'Sum', from0),
    ],
    reasons: assistants.map(whyNot),
    times: [
      widget('Time to the stream\'s address (ms)', spread('HandedOut'), 'p50', from0),
      widget('Time to the first picture (s)', spread('FirstPicture'), 'p50', from0),
    ],
    lag: widget('From a change to its report (s)', spread('ReportLag'), 'p50', from0),
  };
}

function ofFunctions(functions) {
  const by = (namespace, metric, names) => names.map((name) => [namespace, metric, 'FunctionName', `\${${title(name)}LambdaFunction}`, { label: name }]);
  const counted = (heading, metric, names) => widget(heading, by('showcam', metric, names), 'Sum', from0);
  const answering = functions.filter((name) => !['changes', 'sweep'].includes(name));
  return {
    errors: [
      widget('Ended without an answer', by('AWS/Lambda', 'Errors', functions), 'Sum', from0),
      counted('Internal errors', 'InternalErrors', functions),
      counted('The table could not be used', 'StoreUnavailable', functions),
      counted('The vendor could not be used', 'VendorUnavailable', answering),
      counted('Requests that were refused', 'Refusals', answering),
    ],
    throttles: [widget('Functions not started', by('AWS/Lambda', 'Throttles', functions), 'Sum', from0)],
  };
}

function ofHome(stage) {
  const most = (namespace, metric, dimension, value) => [namespace, metric, dimension, value, { stat: 'Maximum', label: metric }];
  const reports = (metric) => ['showcam', metric, 'FunctionName', '${ReportsLambdaFunction}', { label: metric }];
  return {
    waiting: [
      widget('Waiting for reports (s; changes: ms)', [
        most('AWS/SQS', 'ApproximateAgeOfOldestMessage', 'QueueName', '${ReportQueue.QueueName}'),
        most('AWS/Lambda', 'IteratorAge', 'FunctionName', '${ChangesLambdaFunction}'),
      ], 'Maximum', from0),
      widget('Reports that failed', ['ReportsRetried', 'ReportsLaidDown', 'GrantsLost'].map(reports), 'Sum', from0),
      widget('Runs of sweep that left households unread', [['showcam', 'SweepsCutShort', 'FunctionName', '${SweepLambdaFunction}', { label: 'SweepsCutShort' }]], 'Sum', from0),
    ],
    errors: [widget('The HTTP API answered 5xx', [['AWS/ApiGateway', '5xx', 'ApiId', '${HttpApi}', { label: '5xx' }]], 'Sum', from0)],
    throttles: [
      // of listeners in a stack of media processes at the same stage
      widget('Free places of the fullest listener', [[`showcam/${stage}`, 'FreeListenerPlaces', { label: 'FreeListenerPlaces' }]], 'Minimum', from0),
      widget('The table refused', ['ReadThrottleEvents', 'WriteThrottleEvents'].map((metric) => ['AWS/DynamoDB', metric, 'TableName', '${Table}', { label: metric }]), 'Sum', from0),
    ],
  };
}

// Rows of diagrams, one below the other; those of a row are equally wide.
function placed(rows) {
  return rows.flatMap((row, y) => row.map((each, x) => {
    const width = Math.floor(24 / row.length);
    return { ...each, x: x * width, y: y * 6, width, height: 6 };
  }));
}

// A dashboard's name is one of the account, in whatever region it was made.
const made = (DashboardName, rows) => ({
  Resources: {
    Dashboard: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName, DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets: placed(rows) }) } },
    },
  },
});

async function home({ resolveVariable }) {
  const stage = await resolveVariable('sls:stage');
  const table = `showcam-${stage}`;
  const { asks, reasons, times, lag } = ofAssistants(table, ASSISTANTS);
  const { errors, throttles } = ofFunctions(WATCHED);
  const more = ofHome(stage);
  return made(table, [asks, reasons, times, [lag, ...more.waiting], errors.slice(0, 3), [...errors.slice(3), ...more.errors], [...throttles, ...more.throttles]]);
}

// Another region has only Alexa's function.
async function elsewhere({ resolveVariable }) {
  const table = `showcam-${await resolveVariable('sls:stage')}`;
  const { asks, reasons, times } = ofAssistants(table, ['alexa']);
  const { errors, throttles } = ofFunctions(['directives']);
  return made(`${table}-${await resolveVariable('self:provider.region')}`, [asks, [...reasons, times[0]], errors.slice(0, 3), [...errors.slice(3), ...throttles]]);
}

module.exports = { home, elsewhere };
