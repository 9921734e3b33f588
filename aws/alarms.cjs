// One alarm for each thing that goes wrong; all of them write to alarmTopic.
'use strict';

// Longest answer in ms that nine of ten may take: Alexa gives up after 8 s, Google before 10 s, a person sooner.
const SLOW = { directives: 4000, fulfillment: 4000, web: 5000, changes: 5000, reports: 15000, sweep: 120000, operators: 30000 };
const ASKED = ['BatchGetItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'TransactWriteItems', 'UpdateItem'];

const title = (name) => name[0].toUpperCase() + name.slice(1);
const dimensions = (values) => Object.entries(values).map(([Name, Value]) => ({ Name, Value }));
const table = (more = {}) => dimensions({ TableName: { Ref: 'Table' }, ...more });

function alarm(topic, what, watched) {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: what,
      AlarmActions: [topic],
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      Threshold: 0,
      TreatMissingData: 'notBreaching',
      ...watched,
    },
  };
}

const sum = (Namespace, MetricName, Dimensions) => ({ Namespace, MetricName, Dimensions, Statistic: 'Sum', Period: 300 });

function ofFunction(topic, name) {
  const lambda = dimensions({ FunctionName: { Ref: `${title(name)}LambdaFunction` } });
  const slow = { Namespace: 'AWS/Lambda', MetricName: 'Duration', Dimensions: lambda, ExtendedStatistic: 'p90', Period: 300 };
  return {
    [`${title(name)}Errors`]: alarm(topic, `${name} ended without an answer: see its log`, sum('AWS/Lambda', 'Errors', lambda)),
    [`${title(name)}Throttles`]: alarm(topic, `${name} was not started: the account's concurrency is used up`, sum('AWS/Lambda', 'Throttles', lambda)),
    [`${title(name)}Slow`]: alarm(topic, `${name} is slow: one answer in ten takes more than ${SLOW[name]} ms`, {
      ...slow, EvaluationPeriods: 3, DatapointsToAlarm: 3, Threshold: SLOW[name],
    }),
    [`${title(name)}InternalErrors`]: alarm(topic, `${name} answered with an internal error: see its log`, sum('showcam', 'InternalErrors', lambda)),
    [`${title(name)}StoreUnavailable`]: alarm(topic, `${name} could not use the table: throttled, unreachable or refused`, sum('showcam', 'StoreUnavailable', lambda)),
  };
}

function ofTheTable(topic) {
  const index = table({ GlobalSecondaryIndexName: 'gsi1' });
  const faults = (Operation) => [
    `Table${Operation}Faults`,
    alarm(topic, `DynamoDB answers ${Operation} with errors of its own`, sum('AWS/DynamoDB', 'SystemErrors', table({ Operation }))),
  ];
  return {
    TableReadThrottles: alarm(topic, 'The table refuses reads: some key is asked more than it can answer', sum('AWS/DynamoDB', 'ReadThrottleEvents', table())),
    TableWriteThrottles: alarm(topic, 'The table refuses writes: some key is written more than it can take', sum('AWS/DynamoDB', 'WriteThrottleEvents', table())),
    IndexWriteThrottles: alarm(topic, 'The index refuses writes, and so holds up the table', sum('AWS/DynamoDB', 'WriteThrottleEvents', index)),
    ...Object.fromEntries(ASKED.map(faults)),
  };
}

const ofTheApi = (topic) => ({
  ApiFaults: alarm(topic, 'The HTTP API answers 5xx: a function failed or took too long', sum('AWS/ApiGateway', '5xx', dimensions({ ApiId: { Ref: 'HttpApi' } }))),
});

function ofTheQueue(topic) {
  const queue = (name) => dimensions({ QueueName: { 'Fn::GetAtt': [name, 'QueueName'] } });
  const most = (MetricName, name, Threshold) => ({
    Namespace: 'AWS/SQS', MetricName, Dimensions: queue(name), Statistic: 'Maximum', Period: 300, Threshold,
  });
  const stream = dimensions({ FunctionName: { Ref: 'ChangesLambdaFunction' } });
  return {
    ReportsLost: alarm(topic, 'reports failed five times with a message: see its log; the sweep tries again', most('ApproximateNumberOfMessagesVisible', 'ReportDeadLetters', 0)),
    ReportsLate: alarm(topic, 'Messages wait for reports longer than two minutes: is its concurrency used up?', most('ApproximateAgeOfOldestMessage', 'ReportQueue', 120)),
    StreamLate: alarm(topic, 'changes is more than a minute behind the table', {
      Namespace: 'AWS/Lambda', MetricName: 'IteratorAge', Dimensions: stream, Statistic: 'Maximum', Period: 300, Threshold: 60000,
    }),
    ReportsRefused: alarm(topic, 'An assistant refused reports for good: showcam outbox list', sum('showcam', 'ReportsLaidDown', dimensions({ FunctionName: { Ref: 'ReportsLambdaFunction' } }))),
  };
}

// A run of sweep every five minutes: in an hour more than six of them left households unread.
const ofTheSweep = (topic) => ({
  SweepCutShort: alarm(topic, 'sweep reads too few households a second: most of its runs left some unread', {
    ...sum('showcam', 'SweepsCutShort', dimensions({ FunctionName: { Ref: 'SweepLambdaFunction' } })), Period: 3600, Threshold: 6,
  }),
});

const WATCHED = Object.keys(SLOW); // each function of the home region

const made = (...makers) => async ({ resolveVariable }) => {
  const topic = String(await resolveVariable('param:alarmTopic')).trim();
  return { Resources: Object.assign({}, ...makers.map((maker) => maker(topic))) };
};
const functions = (...names) => (topic) => Object.assign({}, ...names.map((name) => ofFunction(topic, name)));

module.exports = {
  WATCHED,
  home: made(functions(...WATCHED), ofTheTable, ofTheApi, ofTheQueue, ofTheSweep),
  elsewhere: made(functions('directives')),
};
