"""SQL statements of a shard: claim its next recipients, and record the outcomes of their calls.

A shard is a range of a broadcast's recipients.
"""

from bot.db.pipeline import TextStatement

# The shard's end (`last`) and the end of the canary (`reach`) are separate conditions. If least()
# combined them, the planner could not use the end as an index bound, and a claim that finds nothing
# would read all rows up to the end of the broadcast. Each access to the recipient rows has a lower
# and an upper bound, since without statistics on new rows the planner would join to all of them.
# Text: written as SQL, because the plan of these seven CTEs was measured over a million recipients.
CLAIM = TextStatement.of("""
WITH go AS MATERIALIZED (
  SELECT b.*, kosh_now() AS now FROM broadcasts b
  WHERE b.id = %(id)s AND b.state = 'running' AND b.total IS NOT NULL
    AND (b.not_later_than IS NULL OR b.not_later_than > kosh_now())
    AND NOT EXISTS (
      SELECT FROM channel_pauses p WHERE p.channel = %(channel)s AND p.expires_at > kosh_now())
), zones AS MATERIALIZED (
  SELECT * FROM unnest(%(tokens)s::bytea[], %(zones)s::text[]) AS z (token, zone)
), picked AS MATERIALIZED (
  SELECT r.seq, r.person_id FROM broadcast_recipients r CROSS JOIN go
  WHERE r.broadcast_id = %(id)s AND r.state IN ('planned', 'held')
    AND r.seq >= %(first)s AND r.seq < %(last)s AND r.seq < coalesce(go.reach, %(last)s)
    AND r.channel = %(channel)s AND (r.not_before IS NULL OR r.not_before <= go.now)
  ORDER BY r.seq LIMIT %(most)s FOR UPDATE OF r SKIP LOCKED
), seen AS MATERIALIZED (
  SELECT p.seq, p.person_id, q.key, q.key_version, c.language, c.quiet, h.address, h.blocked,
    %(window)s > 0 AND (h.spoke_at IS NULL
      OR h.spoke_at <= go.now - make_interval(secs => %(window)s)) AS shut,
    %(service)s OR EXISTS (
      SELECT FROM subscriptions s WHERE s.person_id = p.person_id AND s.topic = go.topic
    ) OR go.audience ? 'lists' AND EXISTS (
      SELECT FROM audience_attributes t WHERE t.person_id = p.person_id AND t.kind = 'list'
    ) AS wanted,
    EXISTS (SELECT FROM subscriptions s WHERE s.person_id = p.person_id AND s.discreet) AS discreet,
    c.updated_at > go.now - interval '1 minute' AND go.purpose <> 'urgent' OR EXISTS (
      SELECT FROM messages m WHERE m.person_id = p.person_id AND m.state IN ('pending', 'sending')
    ) AS talking,
    CASE WHEN go.purpose <> 'urgent' THEN (
      SELECT max(kosh_quiet_until(go.now, z.zone, go.quiet_from, go.quiet_until)) FROM unnest(
        coalesce((SELECT array_agg(zones.zone) FROM zones
                  JOIN audience_attributes t ON t.token = zones.token
                  WHERE t.person_id = p.person_id AND t.kind = 'country'),
                 ARRAY[coalesce(m.zone, (
                   SELECT k.zone FROM unnest(%(missions)s::text[], %(mission_zones)s::text[])
                     AS k (mission, zone) WHERE k.mission = q.mission), %(home)s)])) AS z (zone)
    ) END AS night_until, go.now
  FROM picked p CROSS JOIN go
  JOIN people q ON q.id = p.person_id
  JOIN conversations c ON c.person_id = p.person_id
  LEFT JOIN missions m ON m.mission = q.mission
  LEFT JOIN LATERAL (
    SELECT h.address, h.blocked, h.spoke_at FROM handles h
    WHERE h.person_id = p.person_id AND h.channel = %(channel)s AND h.home IS NULL
    ORDER BY h.blocked, h.spoke_at DESC NULLS LAST LIMIT 1
  ) h ON true
), judged AS MATERIALIZED (
  SELECT seen.*, CASE
      WHEN NOT wanted THEN 'skipped opted_out'
      WHEN quiet THEN 'skipped quiet'
      WHEN blocked IS NOT FALSE THEN 'skipped blocked'
      WHEN NOT language = ANY(%(languages)s) THEN 'skipped language'
      WHEN shut AND NOT language = ANY(%(templates)s) THEN 'skipped no_template'
      WHEN night_until IS NOT NULL THEN 'held quiet_hours'
      WHEN talking THEN 'planned talking'
      ELSE 'claimed ' END AS new_state
  FROM seen
)
UPDATE broadcast_recipients r SET state = split_part(j.new_state, ' ', 1),
  reason = split_part(j.new_state, ' ', 2), language = j.language, state_at = j.now,
  template = j.shut AND j.new_state = 'claimed ',
  attempt = r.attempt + (j.new_state = 'claimed ')::int,
  not_before = CASE j.new_state WHEN 'held quiet_hours' THEN j.night_until
    WHEN 'planned talking' THEN j.now + interval '20 seconds' END,
  lease_until = CASE j.new_state
    WHEN 'claimed ' THEN j.now + make_interval(secs => %(lease)s) END
FROM judged j WHERE r.broadcast_id = %(id)s AND r.seq = j.seq
  AND r.seq BETWEEN (SELECT min(seq) FROM picked) AND (SELECT max(seq) FROM picked)
RETURNING r.seq, r.attempt, r.state, j.person_id, j.key, j.key_version, j.address, j.language,
  j.discreet, j.shut
""")

# Writes the outcomes of calls, also of those that took longer than the lease. An outcome is ignored
# if the recipient's row has a newer attempt, or a status other than `claimed` and `in_doubt`.
# Text: written as SQL, because its plan was measured together with CLAIM.
OUTCOMES = TextStatement.of("""
WITH w AS MATERIALIZED (
  SELECT * FROM unnest(%(seqs)s::int[], %(attempts)s::int[], %(new_states)s::text[],
                       %(reasons)s::text[], %(external_ids)s::text[], %(delays)s::float8[])
    AS w (seq, attempt, new_state, reason, external_id, delay)
), locked AS MATERIALIZED (
  SELECT r.seq FROM broadcast_recipients r JOIN w ON w.seq = r.seq
  WHERE r.broadcast_id = %(id)s AND r.seq = ANY(%(seqs)s::int[])
  ORDER BY r.seq FOR UPDATE OF r
)
UPDATE broadcast_recipients r SET state = w.new_state, reason = w.reason, state_at = kosh_now(),
  lease_until = NULL, external_id = coalesce(w.external_id, r.external_id),
  not_before = CASE WHEN w.delay > 0 THEN kosh_now() + make_interval(secs => w.delay) END
FROM w JOIN locked ON locked.seq = w.seq
WHERE r.broadcast_id = %(id)s AND r.seq = w.seq AND r.attempt = w.attempt
  AND r.seq = ANY(%(seqs)s::int[])
  AND r.state IN ('claimed', 'in_doubt')
""")
