// Listeners on Fargate beside the media processes: they take EZVIZ's push for the households of one table, each its share.
'use strict';

const MOST = 50; // the ids of households are cut into 4,096 slices, so that each has about 80
const PLACES = 1000; // connections of one (MOST of showcam/registry/watch/share.py)
const FEW = 200; // free places at which more listeners are wanted, since shares differ by a fifth
const ARN = (service, rest) => new RegExp(`^arn:aws[a-z-]*:${service}:([a-z0-9-]+):\\d{12}:${rest}$`);
const SECRET = ARN('secretsmanager', 'secret:[\\w/+=.@-]+-\\w{6}');

const FORMS = {
  listenerImage: [/^[\w./:-]+@sha256:[0-9a-f]{64}$/, 'an image by its digest is wanted, registry/name@sha256:…'],
  table: [/^[\w.-]{3,255}$/, 'the name of the table is wanted'],
  keysSecret: [SECRET, 'the ARN of a secret is wanted'],
  settingsSecret: [SECRET, 'the ARN of a secret is wanted'],
  ezvizRegion: [/^(eu|us|sa|sg|in|ru)$/, 'eu, us, sa, sg, in or ru is wanted'],
  ownersPages: [/^(yes|no)$/, 'yes or no is wanted'],
};
const HERE = new Set(['keysSecret', 'settingsSecret']); // in the region of the tasks

function* faults(given) {
  if (!(Number.isInteger(given.listeners) && given.listeners >= 0 && given.listeners <= MOST)) yield `listeners is "${given.listeners}": a whole number from 0 to ${MOST} is wanted`;
  if (!given.listeners) return;
  for (const [name, [form, wanted]] of Object.entries(FORMS)) {
    const found = form.exec(given[name]);
    if (!given[name]) yield `${name} is missing: ${wanted}`;
    else if (!found) yield `${name} is "${given[name]}": ${wanted}`;
    else if (HERE.has(name) && found[1] !== given.region) yield `${name} stands in ${found[1]}, the listeners in ${given.region}`;
  }
}

// As the sweep's role: rows of households are read, written and forgotten, and no other row is deleted.
function role(given, { sub, trust }) {
  const table = sub(`arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${given.table}`);
  const index = sub(`arn:\${AWS::Partition}:dynamodb:\${AWS::Region}:\${AWS::AccountId}:table/${given.table}/index/gsi1`);
  const statements = [
    { Effect: 'Allow', Action: ['BatchGetItem', 'ConditionCheckItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map((name) => `dynamodb:${name}`), Resource: table },
    {
      Effect: 'Allow',
      Action: 'dynamodb:DeleteItem',
      Resource: table,
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['account#*', 'link#*'] } },
    },
    { Effect: 'Allow', Action: 'dynamodb:Query', Resource: index },
    { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: [given.keysSecret, given.settingsSecret] },
    {
      Effect: 'Allow',
      Action: ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom', 'ReEncryptTo'].map((name) => `kms:${name}`),
      Resource: given.dataKey,
      Condition: { StringEquals: { 'kms:ViaService': ['dynamodb', 'secretsmanager'].map((name) => sub(`${name}.\${AWS::Region}.amazonaws.com`)) } },
    },
  ];
  const policy = { PolicyName: 'listens', PolicyDocument: { Version: '2012-10-17', Statement: statements } };
  return { ListenerRole: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust, Policies: [policy] } } };
}

function task(given, { ref, arn }) {
  const environment = {
    SHOWCAM_STORE: 'dynamodb',
    SHOWCAM_TABLE: given.table,
    SHOWCAM_TABLE_REGION: given.region,
    SHOWCAM_KEYS_SECRET: given.keysSecret,
    SHOWCAM_SETTINGS_SECRET: given.ezvizKey ? given.settingsSecret : '',
    SHOWCAM_PUBLIC_URL: given.webUrl,
    // the rest as the functions have it: another reading of a camera would be a change
    SHOWCAM_MEDIA_URLS: `https://${given.host}/*`,
    SHOWCAM_TRANSCODES: '0',
    SHOWCAM_CONSOLE: given.ownersPages === 'yes' ? 'public' : 'off',
    SHOWCAM_EZVIZ_REGION: given.ezvizRegion,
    SHOWCAM_EZVIZ_KEY: given.ezvizKey,
    SHOWCAM_SIGN_UP: 'anyone',
    SHOWCAM_LOG_LEVEL: given.logLevel,
  };
  return {
    ListenerLog: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/showcam/${given.stage}/listeners`, RetentionInDays: given.logRetention } },
    ListenerTask: {
      Type: 'AWS::ECS::TaskDefinition',
      Properties: {
        Family: `showcam-${given.stage}-listener`,
        RequiresCompatibilities: ['FARGATE'],
        NetworkMode: 'awsvpc',
        Cpu: '512',
        Memory: '1024',
        RuntimePlatform: { CpuArchitecture: given.architecture.toUpperCase(), OperatingSystemFamily: 'LINUX' },
        ExecutionRoleArn: arn('ListenerStartRole'),
        TaskRoleArn: arn('ListenerRole'),
        Volumes: [{ Name: 'data' }],
        ContainerDefinitions: [{
          Name: 'listener',
          Image: given.listenerImage,
          Essential: true,
          User: '10001:10001',
          ReadonlyRootFilesystem: true,
          LinuxParameters: { InitProcessEnabled: true, Capabilities: { Drop: ['ALL'] } },
          MountPoints: [{ SourceVolume: 'data', ContainerPath: '/data', ReadOnly: false }],
          Environment: Object.entries(environment).map(([Name, Value]) => ({ Name, Value })),
          // it touches the file at each report, every five seconds
          HealthCheck: { Command: ['CMD-SHELL', 'test -n "$(find /data/run/worker -mmin -1)"'], Interval: 30, Timeout: 5, Retries: 3, StartPeriod: 60 },
          LogConfiguration: {
            LogDriver: 'awslogs',
            Options: { 'awslogs-group': ref('ListenerLog'), 'awslogs-region': ref('AWS::Region'), 'awslogs-stream-prefix': 'listener' },
          },
        }],
      },
    },
    ListenerGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Listeners, which nobody connects to',
        VpcId: ref('Vpc'),
        SecurityGroupEgress: [{ CidrIp: '0.0.0.0/0', IpProtocol: '-1', Description: 'EZVIZ, the table' }],
      },
    },
    Listeners: {
      Type: 'AWS::ECS::Service',
      DependsOn: ['Out'],
      Properties: {
        Cluster: ref('Cluster'),
        TaskDefinition: ref('ListenerTask'),
        LaunchType: 'FARGATE',
        DesiredCount: given.listeners,
        DeploymentConfiguration: { MinimumHealthyPercent: 50, MaximumPercent: 200, DeploymentCircuitBreaker: { Enable: true, Rollback: true } },
        NetworkConfiguration: {
          AwsvpcConfiguration: { AssignPublicIp: 'ENABLED', Subnets: [ref('SubnetA'), ref('SubnetB')], SecurityGroups: [ref('ListenerGroup')] },
        },
      },
    },
  };
}

// Each writes a line a minute with what it listens to, and what it has room for.
function watched(given, { ref, arn, alarm, space }) {
  const served = { ClusterName: ref('Cluster'), ServiceName: arn('Listeners', 'Name') };
  return {
    ListenerPlacesTold: {
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: ref('ListenerLog'),
        FilterPattern: '{ $.event = "households are listened to" }',
        MetricTransformations: [{ MetricNamespace: space, MetricName: 'FreeListenerPlaces', MetricValue: '$.places' }],
      },
    },
    ListenersGone: alarm('fewer listeners write that they listen than there should be: rings are late or lost', space, 'FreeListenerPlaces', {}, {
      Statistic: 'SampleCount', Period: 300, Threshold: 3 * given.listeners, ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching',
    }),
    ListenersFull: alarm('a listener has few places left: raise listeners, or households are not listened to', space, 'FreeListenerPlaces', {}, {
      Statistic: 'Minimum', Threshold: FEW, ComparisonOperator: 'LessThanThreshold', EvaluationPeriods: 5,
    }),
    ListenersBusy: alarm('listeners use their processors up: rings come late', 'AWS/ECS', 'CPUUtilization', served, { Threshold: 80, Statistic: 'Average', Period: 300 }),
    ListenersMemory: alarm('a listener uses its memory up', 'AWS/ECS', 'MemoryUtilization', served, { Threshold: 85 }),
  };
}

const resources = (given, tools) => (given.listeners ? Object.assign(role(given, tools), task(given, tools), watched(given, tools)) : {});

module.exports = { FORMS, PLACES, faults, resources };
