// What a deployment is given, checked before anything is packaged: osls takes any text for a skill id, and AWS deploys it.
'use strict';

const { existsSync, readFileSync } = require('fs');
const { join } = require('path');

// Alexa looks for the function where the language of the device says.
const REGIONS = {
  'us-east-1': ['en-US', 'en-CA', 'pt-BR', 'es-MX', 'es-US', 'fr-CA'],
  'eu-west-1': ['en-GB', 'en-IN', 'de-DE', 'es-ES', 'fr-FR', 'it-IT', 'hi-IN', 'ar-SA', 'nl-NL'],
  'us-west-2': ['ja-JP', 'en-AU'],
};
// It stands in aws/parameters.yml, for an emulator alone.
const PRACTICE = '6d0c4b5e-93a1-4f7e-8c52-0b1f6a9d27e3';
const SKILL = /^amzn1\.ask\.skill\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

// As showcam/app/settings_rules.py has it: what passes here must start there.
const MOST_MEDIA = 32;
const LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const HOST = `${LABEL}(?:\\.${LABEL})*(?::(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d\\d|655[0-2]\\d|6553[0-5]))?`;
const ORIGIN = new RegExp(`^https://${HOST}$`);
const WANTED = 'https://host is wanted, without a path or a slash behind it';

const list = (text) => text.split(',').map((each) => each.trim()).filter(Boolean);

function* skill(given) {
  const id = SKILL.exec(given.alexaSkillId);
  if (!given.alexaSkillId) {
    yield 'alexaSkillId is missing: make the skill in the Alexa developer console first and give its id, amzn1.ask.skill.…';
  } else if (!id) {
    yield `alexaSkillId is "${given.alexaSkillId}": amzn1.ask.skill. and the skill's UUID are wanted, in small letters`;
  } else if (new Set(id[1].replaceAll('-', '')).size < 6 || id[1].startsWith('12345678-') || (id[1] === PRACTICE && given.stage !== 'local')) {
    yield `alexaSkillId is "${given.alexaSkillId}", which only holds the place of one: copy yours from the Alexa developer console`;
  }
}

function* region(given) {
  if (!REGIONS[given.region]) {
    yield `region is "${given.region}": Alexa reaches functions in ${Object.keys(REGIONS).join(', ')} alone`;
    return;
  }
  for (const language of list(given.languages)) {
    const wanted = Object.keys(REGIONS).find((each) => REGIONS[each].includes(language));
    if (!wanted) yield `languages names "${language}", which Alexa does not have`;
    else if (wanted !== given.region) yield `languages names ${language}: for it Alexa looks in ${wanted}, this is ${given.region}`;
  }
}

function* topic(given) {
  const at = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[\w-]+$/.exec(given.alarmTopic);
  if (!given.alarmTopic) yield 'alarmTopic is missing: nobody would hear an alarm. Make an SNS topic and give its ARN';
  else if (!at) yield `alarmTopic is "${given.alarmTopic}": the ARN of an SNS topic is wanted, arn:aws:sns:…`;
  else if (at[1] !== given.region) yield `alarmTopic stands in ${at[1]}: alarms reach topics of their own region alone, ${given.region}`;
}

function* addresses(given) {
  if (given.publicUrl && !ORIGIN.test(given.publicUrl)) yield `publicUrl is "${given.publicUrl}": ${WANTED}`;
  const named = list(given.mediaUrls);
  const fleet = named.filter((url) => url.endsWith('/*'));
  for (const url of named) if (!ORIGIN.test(url.replace(/\/\*$/, ''))) yield `mediaUrls names "${url}": ${WANTED}`;
  if (fleet.length && named.length > 1) yield `mediaUrls names "${fleet[0]}" and others: it stands before all media processes`;
  if (new Set(named).size < named.length) yield 'mediaUrls names one twice: each media process has an address of its own';
  if (named.length > MOST_MEDIA) yield `mediaUrls names ${named.length}: up to ${MOST_MEDIA} there may be`;
}

function* numbers(given) {
  for (const [name, least, most] of [['memory', 128, 10240], ['requestsPerSecond', 1, 10000], ['requestsAtOnce', 1, 5000], ['readsPerSecond', 1, 100], ['unlinkedDays', 1, 3650], ['reservedForDirectives', 0, 100000], ['reservedForWeb', 0, 100000]]) {
    if (!(Number.isInteger(given[name]) && given[name] >= least && given[name] <= most)) {
      yield `${name} is "${given[name]}": a whole number from ${least} to ${most} is wanted`;
    }
  }
}

function* retention(given) {
  if (!RETENTION.includes(given.logRetention)) yield `logRetention is "${given.logRetention}": AWS keeps logs for ${RETENTION.join(', ')} days`;
}

const KNOWN = {
  architecture: ['x86_64', 'arm64'],
  signUp: ['owner', 'invited', 'anyone'],
  ezvizRegion: ['eu', 'us', 'sa', 'sg', 'in', 'ru'],
  logLevel: ['debug', 'info', 'warning', 'error'],
  googleReports: ['', 'yes'],
  ownersPages: ['yes', 'no'],
};
const choices = (...names) => function* (given) {
  for (const name of names) {
    const known = KNOWN[name].filter(Boolean);
    if (!KNOWN[name].includes(given[name])) yield `${name} is "${given[name]}": ${known.join(', ')} there ${known.length > 1 ? 'are' : 'is'}`;
  }
};

// Of another region: the home region's outputs.
function* home(given) {
  const wanted = {
    homeRegion: /^[a-z]{2}(-[a-z]+)+-\d$/,
    dataKey: /^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key\/[\w-]+$/,
    keysSecret: /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}$/,
    settingsSecret: /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}$/,
    ...(given.lwaClientId && { directivesSecret: /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}$/ }),
    grantSecret: /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}$/,
    publicUrl: /^https:/,
  };
  for (const [name, form] of Object.entries(wanted)) {
    const found = form.exec(given[name]);
    if (!given[name]) yield `${name} is missing: it is an output of the stack in the home region`;
    else if (!found) yield `${name} is "${given[name]}", which is none`;
    else if (found[1] && name !== 'homeRegion' && found[1] !== given.homeRegion) yield `${name} stands in ${found[1]}, not in the home region ${given.homeRegion}`;
  }
  if (given.homeRegion === given.region) yield `${given.region} is the home region: serverless.yml stands there already`;
}

// scripts/package.py leaves in each package what it runs on.
const packages = (...functions) => function* (given) {
  for (const name of functions) {
    const path = join('build', 'lambda', `${name}.zip`);
    const wanted = `${given.architecture} python${given.python}`;
    const held = existsSync(path) ? readFileSync(path).toString('latin1') : '';
    if (!held) yield `${path} is missing: run make package`;
    else if (!held.endsWith(wanted)) yield `${path} is not for ${wanted}: run make package ARCHITECTURE=${given.architecture}`;
    else if (given.product && !held.includes('product/product.toml')) yield `${path} is without product: run make package`;
  }
};

async function read({ resolveVariable }) {
  const given = { region: await resolveVariable('self:provider.region'), stage: await resolveVariable('sls:stage') };
  for (const name of ['alexaSkillId', 'languages', 'alarmTopic', 'publicUrl', 'mediaUrls', 'architecture', 'python', 'signUp', 'ownersPages', 'ezvizRegion', 'logLevel', 'lwaClientId', 'googleReports', 'product',
    'homeRegion', 'dataKey', 'keysSecret', 'settingsSecret', 'directivesSecret', 'grantSecret']) {
    given[name] = String(await resolveVariable(`param:${name}`)).trim();
  }
  for (const name of ['memory', 'requestsPerSecond', 'requestsAtOnce', 'readsPerSecond', 'unlinkedDays', 'reservedForDirectives', 'reservedForWeb', 'logRetention']) {
    given[name] = Number(await resolveVariable(`param:${name}`));
  }
  return given;
}

const joined = (names) => (names.length > 1 ? { 'Fn::Join': [',', names] } : names[0]);

// What each function reads when it begins, and may read: `settings` as it is given its secret settings, `reads` as its
// role is. A secret that nothing was set up for is left out: each is one more question at every cold start.
function shares(given, secrets, functions) {
  const amazon = given.lwaClientId ? [secrets.directives] : [];
  const google = given.googleReports ? [secrets.google] : [];
  const own = { directives: amazon, fulfillment: google, web: [secrets.web], reports: [...amazon, ...google] };
  const keys = { directives: [], fulfillment: [], web: [secrets.cookie], reports: [] };
  const grant = given.mediaUrls ? [secrets.grant] : [];
  const each = (made) => Object.fromEntries(functions.map((name) => [name, made(name)]));
  return {
    sharedKey: grant[0] ?? '',
    settings: { ...each((name) => joined([secrets.settings, ...own[name]])), sweep: secrets.settings },
    reads: { ...each((name) => [secrets.keys, ...grant, ...keys[name], secrets.settings, ...own[name]]), sweep: [secrets.keys, secrets.settings], operators: [secrets.keys, ...grant] },
  };
}

function checked(secretsOf, functions, others, ...rules) {
  return async (variables) => {
    const given = await read(variables);
    const faults = [...rules, packages(...functions, ...others)].flatMap((rule) => [...rule(given)]);
    if (faults.length) throw Object.assign(new Error(`nothing is packaged:\n${faults.map((each) => `  - ${each}`).join('\n')}\n`), { stack: '' });
    // where an address of one's own serves, nobody has to come by the API's, past what stands before one's own
    given.ownAddress = Boolean(given.publicUrl);
    given.publicUrl ||= { 'Fn::Sub': 'https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}' };
    given.mediaUrls = list(given.mediaUrls).join(',');
    given.console = given.ownersPages === 'yes' ? 'public' : 'off';
    given.product &&= 'product'; // scripts/package.py puts the folder there, and a function begins in its own
    given.pictures = given.mediaUrls ? 'plane' : 'vendor';
    given.directivesConcurrency = given.reservedForDirectives || { Ref: 'AWS::NoValue' };
    given.webConcurrency = given.reservedForWeb || { Ref: 'AWS::NoValue' };
    return { ...given, ...shares(given, secretsOf(given), functions) };
  };
}

const SECRETS = ['keys', 'settings', 'directives', 'web', 'google', 'grant', 'cookie'];
const made = () => Object.fromEntries(SECRETS.map((name) => [name, { Ref: `${name[0].toUpperCase()}${name.slice(1)}Secret` }]));
const handed = (given) => Object.fromEntries(SECRETS.map((name) => [name, given[`${name}Secret`]]));
const always = [skill, region, topic, addresses, numbers, retention, choices('architecture', 'signUp', 'ownersPages', 'ezvizRegion', 'logLevel', 'googleReports')];
module.exports = {
  home: checked(made, ['directives', 'fulfillment', 'web', 'reports'], ['changes', 'sweep', 'operators'], ...always),
  elsewhere: checked(handed, ['directives'], [], ...always, home),
  REGIONS,
  HOST,
  LABEL,
  ORIGIN,
  WANTED,
  skill,
  rules: { topic, retention, choices },
};
