// A webhook receiver as a customer would write it, with the Standard Webhooks library. One object a line on stdout.
// Where the library cannot be had (UNJUDGED) it takes what comes and says nothing of signatures.
const http = require("http");
const webhook = process.env.UNJUDGED ? null : new (require("standardwebhooks").Webhook)(process.env.SECRET);

const server = http.createServer((request, response) => {
    const chunks = [];
    request.on("data", (c) => chunks.push(c));
    request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        let verdict = webhook ? "holds" : "unjudged";
        try {
            webhook?.verify(body, request.headers);
        } catch (e) {
            verdict = e.message;
        }
        console.log(JSON.stringify({ verdict, id: request.headers["webhook-id"], body: JSON.parse(body) }));
        response.writeHead(verdict === "holds" || !webhook ? 204 : 401).end();
    });
});
server.listen(0, "127.0.0.1", () => console.log("http://127.0.0.1:" + server.address().port));
