// Floods a server on this machine with frames of HTTP/2, until it is ended. Arguments: the port, and the flood's name.
import { attack, FLOODS } from '../web/floods.ts';

const [port, name] = process.argv.slice(2);
attack(Number(port), FLOODS[name as keyof typeof FLOODS], 4, true, 0);
setTimeout(() => console.log('it has begun'), 500);
