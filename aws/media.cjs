// Media processes on Fargate: the network, one load balancer, and one service whose number of tasks follows what is live.
'use strict';

const listeners = require('./listeners.cjs');
const { HOST, LABEL, ORIGIN, WANTED, rules: shared } = require('./parameters.cjs');

const MOST = 200; // each function reads the list of them
const WANTED_LIVE = 14; // cameras a task, of 24 (MOST_LIVE of showcam/app/compose/media.py): the others wait for growth
const DRAIN_S = 60; // of the same file
const PORT = 8081;
const NETWORK = '10.74.0.0/16';
// aioice binds where Linux chooses: net.ipv4.ip_local_port_range
const UDP = { from: 32768, to: 60999 };
const MEMORY = { 256: [512, 2048], 512: [1024, 4096], 1024: [2048, 8192], 2048: [4096, 16384], 4096: [8192, 30720] };
const ref = (Ref) => ({ Ref });
const arn = (name, attribute = 'Arn') => ({ 'Fn::GetAtt': [name, attribute] });
const sub = (text) => ({ 'Fn::Sub': text });
const tags = (name) => [{ Key: 'Name', Value: name }];

const FORMS = {
  host: [new RegExp(`^(${LABEL}\\.)+[a-z]{2,}$`), 'the name before all media processes is wanted, media.cam.example, in small letters and without https://'],
  image: [/^[\w./:-]+@sha256:[0-9a-f]{64}$/, 'an image by its digest is wanted, registry/name@sha256:…, so that what runs is what was built'],
  certificate: [/^arn:aws[a-z-]*:acm:([a-z0-9-]+):\d{12}:certificate\/[\w-]+$/, 'the ARN of an ACM certificate is wanted'],
  webUrl: [ORIGIN, WANTED],
  grantSecret: [/^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}$/, 'the ARN of a secret is wanted'],
  dataKey: [/^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key\/[\w-]+$/, 'the ARN of a KMS key is wanted'],
  zone: [/^Z[A-Z0-9]{5,31}$/, 'the id of a Route 53 zone is wanted'],
  stun: [/^(none|[\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5}){0,3})$/, 'host:port is wanted, up to four parted by commas, or none'],
  turn: [
    /^(turn:[\w.-]+:\d{1,5}(\?transport=(udp|tcp))?|turns:[\w.-]+:\d{1,5}(\?transport=tcp)?)$/,
    'turn:host:port?transport=udp, turn:host:port?transport=tcp or turns:host:port is wanted',
  ],
  turnSecret: [/^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}$/, 'the ARN of a secret is wanted'],
  ezvizOpen: [new RegExp(`^${HOST}$`), 'a host is wanted'],
};
const OPTIONAL = new Set(['zone', 'stun', 'turn', 'turnSecret', 'ezvizOpen']);
const HERE = new Set(['certificate', 'grantSecret', 'turnSecret', 'dataKey']); // in the region of the tasks

function* forms(given) {
  for (const [name, [form, wanted]] of Object.entries(FORMS)) {
    if (!given[name] && OPTIONAL.has(name)) continue;
    const found = form.exec(given[name]);
    if (!given[name]) yield `${name} is missing: ${wanted}`;
    else if (!found) yield `${name} is "${given[name]}": ${wanted}`;
    else if (HERE.has(name) && found[1] !== given.region) yield `${name} stands in ${found[1]}, the media processes in ${given.region}`;
  }
  if (Boolean(given.turn) !== Boolean(given.turnSecret)) yield 'turn and turnSecret go together';
}

function* counts(given) {
  for (const name of ['least', 'most']) if (!(Number.isInteger(given[name]) && given[name] >= 1 && given[name] <= MOST)) yield `${name} is "${given[name]}": a whole number from 1 to ${MOST} is wanted`;
  if (given.least > given.most) yield `least is ${given.least} and most is ${given.most}: least is the smaller one`;
  if (!['info', 'debug'].includes(given.logLevel)) yield `logLevel is "${given.logLevel}": info or debug is wanted, for the tasks' number follows a line of their log`;
}

function* sizes(given) {
  const range = MEMORY[given.cpu];
  if (!range) yield `cpu is "${given.cpu}": Fargate has ${Object.keys(MEMORY).join(', ')}`;
  else if (!(given.memory >= range[0] && given.memory <= range[1] && given.memory % 1024 === 0) && !(given.cpu === 256 && given.memory === 512)) {
    yield `memory is "${given.memory}": with cpu ${given.cpu} whole gigabytes from ${range[0]} to ${range[1]} MB are wanted`;
  }
}

// Two zones, as a load balancer wants them. Tasks have public addresses: WebRTC comes by UDP and to each alone.
function network() {
  const subnet = (zone) => ({
    Type: 'AWS::EC2::Subnet',
    Properties: {
      VpcId: ref('Vpc'),
      AvailabilityZone: { 'Fn::Select': [zone, { 'Fn::GetAZs': '' }] },
      CidrBlock: `10.74.${zone}.0/24`,
      Tags: tags(`showcam-media-${zone}`),
    },
  });
  const route = (name) => ({ Type: 'AWS::EC2::SubnetRouteTableAssociation', Properties: { SubnetId: ref(name), RouteTableId: ref('Routes') } });
  return {
    Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: NETWORK, EnableDnsHostnames: true, Tags: tags('showcam-media') } },
    Gateway: { Type: 'AWS::EC2::InternetGateway' },
    Attached: { Type: 'AWS::EC2::VPCGatewayAttachment', Properties: { VpcId: ref('Vpc'), InternetGatewayId: ref('Gateway') } },
    Routes: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: ref('Vpc') } },
    Out: { Type: 'AWS::EC2::Route', DependsOn: 'Attached', Properties: { RouteTableId: ref('Routes'), DestinationCidrBlock: '0.0.0.0/0', GatewayId: ref('Gateway') } },
    SubnetA: subnet(0),
    SubnetB: subnet(1),
    RoutesA: route('SubnetA'),
    RoutesB: route('SubnetB'),
  };
}

function doors() {
  const from = (CidrIp, IpProtocol, FromPort, ToPort, Description) => ({ CidrIp, IpProtocol, FromPort, ToPort, Description });
  return {
    FrontGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Displays and the web app, by https',
        VpcId: ref('Vpc'),
        SecurityGroupIngress: [from('0.0.0.0/0', 'tcp', 443, 443, 'https')],
        SecurityGroupEgress: [from(NETWORK, 'tcp', PORT, PORT, 'media processes')],
      },
    },
    MediaGroup: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        GroupDescription: 'Media processes',
        VpcId: ref('Vpc'),
        SecurityGroupIngress: [
          { SourceSecurityGroupId: ref('FrontGroup'), IpProtocol: 'tcp', FromPort: PORT, ToPort: PORT, Description: 'the load balancer' },
          from(NETWORK, 'tcp', PORT, PORT, 'other media processes, which hand on what is meant for one'),
          from('0.0.0.0/0', 'udp', UDP.from, UDP.to, 'WebRTC'),
        ],
        SecurityGroupEgress: [{ CidrIp: '0.0.0.0/0', IpProtocol: '-1', Description: 'vendors, the web app, STUN and TURN, displays' }],
      },
    },
  };
}

// No access log: paths under /s/ hold grants.
function front(given) {
  return {
    Front: {
      Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
      DependsOn: 'Attached',
      Properties: {
        Scheme: 'internet-facing',
        Type: 'application',
        Subnets: [ref('SubnetA'), ref('SubnetB')],
        SecurityGroups: [ref('FrontGroup')],
        LoadBalancerAttributes: [
          { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
          { Key: 'access_logs.s3.enabled', Value: 'false' },
        ],
      },
    },
    Https: {
      Type: 'AWS::ElasticLoadBalancingV2::Listener',
      Properties: {
        LoadBalancerArn: ref('Front'),
        Port: 443,
        Protocol: 'HTTPS',
        SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06', // an Echo comes by TLS 1.2
        Certificates: [{ CertificateArn: given.certificate }],
        DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404', ContentType: 'text/plain', MessageBody: 'nothing here' } }],
      },
    },
  };
}

const TRUST = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ecs-tasks.amazonaws.com' } }] };

// For the start of a task: its log, and its image from a registry of the account.
function starts(image, log) {
  const repository = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^@:]+)/.exec(image);
  return [
    { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: arn(log) },
    ...(repository
      ? [
          { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' }, // has no resource
          {
            Effect: 'Allow',
            Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
            Resource: sub(`arn:\${AWS::Partition}:ecr:${repository[2]}:${repository[1]}:repository/${repository[3]}`),
          },
        ]
      : []),
  ];
}

const starting = (statements) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: TRUST,
    Policies: [{ PolicyName: 'start', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
  },
});

// What a task starts with is read by ECS; the process itself may ask AWS for nothing.
function roles(given) {
  const secrets = [
    { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: [given.grantSecret, ...(given.turnSecret ? [given.turnSecret] : [])] },
    {
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: given.dataKey,
      Condition: { StringEquals: { 'kms:ViaService': sub('secretsmanager.${AWS::Region}.amazonaws.com') } },
    },
  ];
  return {
    StartRole: starting([...starts(given.image, 'Log'), ...secrets]),
    TaskRole: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: TRUST } },
    ...(given.listeners && { ListenerStartRole: starting(starts(given.listenerImage, 'ListenerLog')) }),
  };
}

function task(given) {
  const environment = {
    SHOWCAM_BIND: '0.0.0.0',
    SHOWCAM_MEDIA_PORT: String(PORT),
    SHOWCAM_WEB_INTERNAL_URL: given.webUrl,
    SHOWCAM_TRUSTED_PROXIES: NETWORK, // all viewers come by the load balancer, and count as one else
    SHOWCAM_MEDIA_URLS: `https://${given.host}/*`,
    SHOWCAM_TRANSCODES: '0', // as the functions have it
    SHOWCAM_LOG_LEVEL: given.logLevel,
    ...(given.stun && { SHOWCAM_STUN: given.stun === 'none' ? '' : given.stun }),
    ...(given.turn && { SHOWCAM_TURN: given.turn }),
    ...(given.ezvizOpen && { SHOWCAM_EZVIZ_OPEN: given.ezvizOpen }),
  };
  const handed = { SHOWCAM_GRANT_ROOTS: given.grantSecret, ...(given.turn && { SHOWCAM_TURN_SECRET: given.turnSecret }) };
  return {
    Cluster: { Type: 'AWS::ECS::Cluster', Properties: { ClusterSettings: [{ Name: 'containerInsights', Value: 'disabled' }] } },
    Log: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/showcam/${given.stage}/media`, RetentionInDays: given.logRetention } },
    Task: {
      Type: 'AWS::ECS::TaskDefinition',
      Properties: {
        Family: `showcam-${given.stage}-media`,
        RequiresCompatibilities: ['FARGATE'],
        NetworkMode: 'awsvpc',
        Cpu: String(given.cpu),
        Memory: String(given.memory),
        RuntimePlatform: { CpuArchitecture: given.architecture.toUpperCase(), OperatingSystemFamily: 'LINUX' },
        ExecutionRoleArn: arn('StartRole'),
        TaskRoleArn: arn('TaskRole'),
        ContainerDefinitions: [{
          Name: 'media',
          Image: given.image,
          Essential: true,
          User: '10001:10001',
          ReadonlyRootFilesystem: true,
          LinuxParameters: { InitProcessEnabled: true, Capabilities: { Drop: ['ALL'] } },
          PortMappings: [{ ContainerPort: PORT, Protocol: 'tcp' }],
          Environment: Object.entries(environment).map(([Name, Value]) => ({ Name, Value })),
          Secrets: Object.entries(handed).map(([Name, ValueFrom]) => ({ Name, ValueFrom })),
          StopTimeout: DRAIN_S + 30, // at most 120
          LogConfiguration: {
            LogDriver: 'awslogs',
            Options: { 'awslogs-group': ref('Log'), 'awslogs-region': ref('AWS::Region'), 'awslogs-stream-prefix': 'media' },
          },
        }],
      },
    },
  };
}

// Any task takes a request and hands it on to the one that is meant. A full one stays: it shows more than any other.
function service(given) {
  return {
    Target: {
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: {
        VpcId: ref('Vpc'),
        TargetType: 'ip',
        Port: PORT,
        Protocol: 'HTTP',
        HealthCheckPath: '/healthz',
        Matcher: { HttpCode: '200,429' },
        HealthCheckIntervalSeconds: 10,
        HealthCheckTimeoutSeconds: 3,
        HealthyThresholdCount: 2,
        UnhealthyThresholdCount: 2,
        TargetGroupAttributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '5' }],
      },
    },
    Host: {
      Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
      Properties: {
        ListenerArn: ref('Https'),
        Priority: 1,
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [given.host] } }],
        Actions: [{ Type: 'forward', TargetGroupArn: ref('Target') }],
      },
    },
    Media: {
      Type: 'AWS::ECS::Service',
      DependsOn: ['Host', 'Out'],
      Properties: {
        Cluster: ref('Cluster'),
        TaskDefinition: ref('Task'),
        LaunchType: 'FARGATE',
        // of the least number one is replaced at a time, of more the same share
        DeploymentConfiguration: {
          MinimumHealthyPercent: 100,
          MaximumPercent: 100 + Math.ceil(100 / given.least),
          DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        },
        HealthCheckGracePeriodSeconds: 60,
        NetworkConfiguration: {
          AwsvpcConfiguration: { AssignPublicIp: 'ENABLED', Subnets: [ref('SubnetA'), ref('SubnetB')], SecurityGroups: [ref('MediaGroup')] },
        },
        LoadBalancers: [{ ContainerName: 'media', ContainerPort: PORT, TargetGroupArn: ref('Target') }],
      },
    },
  };
}

// Each task writes a line a minute with what it shows, and what it has room for.
const METRICS = { LivePictures: '$.live', FreePlaces: '$.places' };
const space = (given) => `showcam/${given.stage}`;

function scaling(given) {
  const filter = ([MetricName, MetricValue]) => [`${MetricName}Told`, {
    Type: 'AWS::Logs::MetricFilter',
    Properties: {
      LogGroupName: ref('Log'),
      FilterPattern: '{ $.event = "pictures are shown" }',
      MetricTransformations: [{ MetricNamespace: space(given), MetricName, MetricValue }],
    },
  }];
  return {
    ...Object.fromEntries(Object.entries(METRICS).map(filter)),
    Tasks: {
      Type: 'AWS::ApplicationAutoScaling::ScalableTarget',
      Properties: {
        ServiceNamespace: 'ecs',
        ScalableDimension: 'ecs:service:DesiredCount',
        ResourceId: { 'Fn::Join': ['/', ['service', ref('Cluster'), arn('Media', 'Name')]] },
        MinCapacity: given.least,
        MaxCapacity: given.most,
      },
    },
    TasksFollow: {
      Type: 'AWS::ApplicationAutoScaling::ScalingPolicy',
      Properties: {
        PolicyName: 'what-is-live',
        PolicyType: 'TargetTrackingScaling',
        ScalingTargetId: ref('Tasks'),
        TargetTrackingScalingPolicyConfiguration: {
          CustomizedMetricSpecification: { Namespace: space(given), MetricName: 'LivePictures', Statistic: 'Average' },
          TargetValue: WANTED_LIVE,
          ScaleOutCooldown: 60,
          ScaleInCooldown: 600,
        },
      },
    },
  };
}

const named = (given) => ({
  Name: {
    Type: 'AWS::Route53::RecordSet',
    Properties: {
      HostedZoneId: given.zone,
      Name: given.host,
      Type: 'A',
      AliasTarget: { DNSName: arn('Front', 'DNSName'), HostedZoneId: arn('Front', 'CanonicalHostedZoneID') },
    },
  },
});

const alarmed = (given) => (AlarmDescription, Namespace, MetricName, dimensions, more) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription,
    AlarmActions: [given.alarmTopic],
    Namespace,
    MetricName,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: 'Maximum',
    Period: 60,
    EvaluationPeriods: 3,
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
    TreatMissingData: 'notBreaching',
    ...more,
  },
});

function watched(given) {
  const alarm = alarmed(given);
  const balanced = { LoadBalancer: arn('Front', 'LoadBalancerFullName'), TargetGroup: arn('Target', 'TargetGroupFullName') };
  const served = { ClusterName: ref('Cluster'), ServiceName: arn('Media', 'Name') };
  return {
    // no data means no task: that is what it is for
    MediaGone: alarm('fewer media processes serve pictures than there are at least', 'AWS/ApplicationELB', 'HealthyHostCount', balanced, {
      Statistic: 'Minimum', Threshold: given.least, ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching',
    }),
    MediaFaults: alarm('media processes answer 5xx: see their log', 'AWS/ApplicationELB', 'HTTPCode_Target_5XX_Count', balanced, {
      Statistic: 'Sum', Period: 300, EvaluationPeriods: 1, Threshold: 20,
    }),
    MediaBusy: alarm('media processes use their processors up: pictures will stutter', 'AWS/ECS', 'CPUUtilization', served, { Threshold: 80, Statistic: 'Average', Period: 300 }),
    MediaMemory: alarm('a media process uses its memory up', 'AWS/ECS', 'MemoryUtilization', served, { Threshold: 85 }),
    MediaFull: alarm('media processes have few places left: if there are as many as may be, raise most', space(given), 'FreePlaces', {}, {
      Statistic: 'Average', Threshold: 4, ComparisonOperator: 'LessThanThreshold', EvaluationPeriods: 5,
    }),
  };
}

async function read({ resolveVariable }) {
  const given = { region: await resolveVariable('self:provider.region'), stage: await resolveVariable('sls:stage') };
  for (const name of [...Object.keys(FORMS), ...Object.keys(listeners.FORMS), 'ezvizKey', 'alarmTopic', 'architecture', 'logLevel']) given[name] = String(await resolveVariable(`param:${name}`)).trim();
  for (const name of ['least', 'most', 'listeners', 'cpu', 'memory', 'logRetention']) given[name] = Number(await resolveVariable(`param:${name}`));
  return given;
}

async function stack(variables) {
  const given = await read(variables);
  const faults = [forms, counts, sizes, listeners.faults, shared.topic, shared.choices('architecture', 'logLevel'), shared.retention].flatMap((rule) => [...rule(given)]);
  if (faults.length) throw Object.assign(new Error(`nothing is packaged:\n${faults.map((each) => `  - ${each}`).join('\n')}\n`), { stack: '' });
  const tools = { ref, arn, sub, trust: TRUST, alarm: alarmed(given), space: space(given) };
  return {
    Resources: Object.assign(network(), doors(), front(given), roles(given), task(given), service(given), scaling(given), watched(given), given.zone ? named(given) : {}, listeners.resources(given, tools)),
    Outputs: {
      MediaUrls: { Description: 'mediaUrls, for serverless.yml and serverless.directives.yml', Value: `https://${given.host}/*` },
      LoadBalancer: { Description: 'What the host is an alias of', Value: arn('Front', 'DNSName') },
    },
  };
}

module.exports = { stack };
