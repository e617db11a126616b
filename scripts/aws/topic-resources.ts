import type { CompiledConfig } from '../../lib/model/config.ts';
import type { Resources } from './resource.ts';

/** The sending function may publish to exactly the topics in the config. */
export function topicResources({ destinations }: Pick<CompiledConfig, 'destinations'>): Resources {
  const topics = [...new Set(destinations.flatMap(({ topic }) => topic ?? []))].sort();
  if (topics.length === 0) return {};
  const statement = { Effect: 'Allow', Action: ['sns:Publish'], Resource: topics };
  return {
    DeliverAlertsTopicsPolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'publish-to-topics',
        Roles: [{ Ref: 'DeliverAlertsRole' }],
        PolicyDocument: { Version: '2012-10-17', Statement: [statement] },
      },
    },
  };
}
