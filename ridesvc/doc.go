// Package ridesvc is the reference service of Wildgate: the Wild Rydes workshop's unicorn rides as
// an [http.Handler].
//
// It knows nothing of signatures and policies. Whoever mounts it MUST put authentication in front
// of it, MUST decide there which caller may use which operation (GET /rides answers with
// everybody's rides), and names the caller through Config.Rider, by a key that no two callers
// share; a request whose rider has no key is answered with 500, or with 403 if they are known and
// can own nothing. What the service itself decides is ownership: a rider sees and cancels their own
// rides only. The field "Rider" of an answer is what Config.RiderName returns.
//
// # Operations
//
// All paths lie below Config.Prefix. They are compared as they were sent: a trailing slash, a
// doubled slash, a dot segment or a percent escape makes another path, which is answered with 404,
// never with a redirect. A known path with another method is 405 with Allow. HEAD works where GET
// does.
//
//   - POST /ride requests a ride. The body is
//     {"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}, of type application/json, at most 4
//     KiB; both fields are required, Latitude from -90 to 90, Longitude from -180 to 180. The
//     answer is 201 with {"RideId","Unicorn":{"Name","Color","Gender"},"UnicornName","Eta":"30
//     seconds","Rider"}, and Location leads to the ride. Each request makes a ride of its own: a
//     retry may order twice.
//   - GET /ride/{RideId} shows a ride of the rider's own:
//     {"RideId","Rider","Unicorn","UnicornName","PickupLocation","RequestTime"}, times in ISO 8601
//     with milliseconds, UTC. A cancelled ride stays, and shows its "CancelTime" as well.
//   - DELETE /ride/{RideId} cancels a ride of the rider's own: 204, without a body. Cancelling it
//     again is 204 too, and keeps the first CancelTime, so a retry does no harm.
//   - GET /rides lists the rides of all riders, cancelled ones included, the newest first:
//     {"Rides":[…],"Next":"…"}. The query takes limit (1 to 1000; 100 if absent) and next, the Next
//     of the answer before; an answer without Next is the last. A walk along Next meets every ride
//     that existed when it began exactly once. Next is opaque, and stays valid for ever.
//
// A ride that is not the rider's is answered exactly as one that never was: 404, with the same
// body.
//
// # Strictness
//
// There is one way to read a request. Field names are compared byte by byte; unknown, duplicated,
// missing and null fields, trailing data and bytes that are not UTF-8 are 400, with a message that
// names the place: "PickupLocation.Latitude: must be a number between -90 and 90". GET /rides
// refuses unknown and repeated parameters, except those that begin with "X-Amz-", which belong to
// the layers in front (presigned URLs put their credentials there). The other operations take no
// parameters and look at none. A Content-Type other than application/json is 415, a larger body
// 413.
//
// # Errors
//
// Every error is {"message":"…"}. What fails inside is 500, or 503 with Retry-After and
// x-amz-retry-after where the [Store] failed, with a fixed message; the cause goes to Config.Failed
// alone, since the package logs nothing. No answer may be cached (Cache-Control: no-store).
//
// # Storage
//
// Rides are kept by a [Store]: [SQLStore] on SQLite or PostgreSQL, or one of your own, which
// package ridetest checks.
package ridesvc
